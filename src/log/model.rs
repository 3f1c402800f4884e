//! Random batches against the simplest log there is: a list.

use proptest::prelude::*;

use super::{Append, Check, Log, Outcome, Stream, contract::proposed, machine::Machine, tests::open};

const STREAMS: [&str; 3] = ["a", "b", "c"];

/// (ids, their streams), (checked stream, version)
type Asked = (Vec<(u128, usize)>, Option<(usize, u64)>);

fn asked() -> impl Strategy<Value = Vec<Vec<Asked>>> {
    let event = (0..60u128, 0..STREAMS.len());
    let check = proptest::option::weighted(0.4, (0..STREAMS.len(), 0..8u64));
    let append = (proptest::collection::vec(event, 1..4), check);
    proptest::collection::vec(proptest::collection::vec(append, 1..6), 1..12)
}

/// Ids and streams by position.
#[derive(Default)]
struct Model(Vec<(u128, usize)>);

impl Model {
    fn version(&self, stream: usize) -> u64 {
        self.0.iter().filter(|(_, of)| *of == stream).count() as u64
    }

    fn append(&mut self, (events, check): &Asked) -> Outcome {
        for (id, _) in events {
            if let Some(at) = self.0.iter().position(|(known, _)| known == id) {
                return Outcome::Repeated { position: at as u64 + 1 };
            }
        }
        if let Some((stream, expected)) = *check {
            let actual = self.version(stream);
            if actual != expected {
                return Outcome::Conflict { stream: Stream::new(STREAMS[stream]), expected, actual };
            }
        }
        let first = self.0.len() as u64 + 1;
        self.0.extend(events);
        Outcome::Appended { first, last: self.0.len() as u64 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_log_does_what_the_list_does(batches in asked()) {
        let log = open(&Machine::new(1)).unwrap();
        let mut model = Model::default();
        for mut batch in batches {
            for (events, _) in &mut batch {
                events.sort();
                events.dedup_by_key(|(id, _)| *id);
            }
            let expected: Vec<Outcome> = batch.iter().map(|append| model.append(append)).collect();
            let appends = batch.iter().map(|(events, check)| Append {
                events: events.iter().map(|(id, stream)| proposed(*id, STREAMS[*stream], &id.to_be_bytes())).collect(),
                checks: check.iter().map(|(stream, version)| Check { stream: Stream::new(STREAMS[*stream]), version: *version }).collect(),
            });
            let durable = log.append(appends.collect()).unwrap();
            prop_assert_eq!(durable.outcomes, expected);
        }
        let read: Vec<(u128, String)> = log.read(0, usize::MAX).unwrap().iter()
            .map(|event| (event.id.0.as_u128(), event.stream.as_str().to_owned())).collect();
        let expected: Vec<(u128, String)> = model.0.iter().map(|(id, stream)| (*id, STREAMS[*stream].to_owned())).collect();
        prop_assert_eq!(read, expected);
        for (number, name) in STREAMS.iter().enumerate() {
            let stream = Stream::new(*name);
            prop_assert_eq!(log.version(&stream).unwrap(), model.version(number));
            let ids: Vec<u128> = log.read_stream(&stream, 0, usize::MAX).unwrap().iter().map(|event| event.id.0.as_u128()).collect();
            let expected: Vec<u128> = model.0.iter().filter(|(_, of)| *of == number).map(|(id, _)| *id).collect();
            prop_assert_eq!(ids, expected);
        }
    }
}
