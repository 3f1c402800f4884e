use proptest::prelude::*;

use super::*;

const MOST: usize = 1_000;

/// A frame as a client writes it.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7, 99, 200, 31];
    let header = Header::new(0, payload.len());
    let mut bytes = header.as_slice().to_vec();
    bytes[0] = first;
    bytes[1] |= MASKED;
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn last(opcode: u8, payload: &[u8]) -> Vec<u8> {
    masked(FINAL | opcode, payload)
}

fn read(bytes: &[u8]) -> Result<Vec<Heard>, Broken> {
    let mut heard = Vec::new();
    Reader::new(MOST).take(bytes, &mut heard).map(|()| heard)
}

fn refused(bytes: &[u8]) -> Broken {
    read(bytes).unwrap_err()
}

fn message(bytes: &[u8]) -> Heard {
    Heard::Message(Bytes::copy_from_slice(bytes))
}

#[test]
fn messages_of_every_length_are_read() {
    for len in [0, 1, 7, 8, 9, 125, 126, 127, 999, 1_000] {
        let payload: Vec<u8> = (0..len).map(|n| n as u8).collect();
        assert_eq!(read(&last(opcode::BINARY, &payload)), Ok(vec![message(&payload)]), "{len} bytes");
    }
    let mut heard = Vec::new();
    let long = vec![3; 70_000];
    Reader::new(70_000).take(&last(opcode::BINARY, &long), &mut heard).unwrap();
    assert_eq!(heard, [message(&long)]);
}

#[test]
fn a_frame_must_be_masked() {
    assert_eq!(refused(&[0x82, 1, 0]).code, code::PROTOCOL_ERROR);
}

#[test]
fn reserved_bits_and_unknown_kinds_are_refused() {
    for first in [0xc2, 0xa2, 0x92, 0x83, 0x87, 0x8b, 0x8f] {
        assert_eq!(refused(&masked(first, b"x")).code, code::PROTOCOL_ERROR, "{first:#x}");
    }
}

#[test]
fn a_length_is_written_as_short_as_it_can_be() {
    let long_way = [&[0x82, 0x80 | 126, 0, 125][..], &[0; 4 + 125]].concat();
    assert_eq!(refused(&long_way).code, code::PROTOCOL_ERROR);
    let longer_way = [&[0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 1, 0][..], &[0; 4 + 256]].concat();
    assert_eq!(refused(&longer_way).code, code::PROTOCOL_ERROR);
    assert_eq!(refused(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]).code, code::PROTOCOL_ERROR);
}

#[test]
fn what_is_too_long_is_refused_by_its_header() {
    assert_eq!(refused(&[0x82, 0x80 | 126, 0x03, 0xe9]), TOO_LARGE);
    assert_eq!(refused(&[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), TOO_LARGE);
}

#[test]
fn parts_are_put_together_and_counted_together() {
    let parts = [masked(opcode::TEXT, b"one "), last(opcode::PING, b"?"), last(opcode::CONTINUATION, b"two")];
    let ping = Heard::Ping(Bytes::from_static(b"?"));
    assert_eq!(read(&parts.concat()), Ok(vec![ping, message(b"one two")]));
    let parts = [masked(opcode::BINARY, &[1; 600]), last(opcode::CONTINUATION, &[1; 401])];
    assert_eq!(refused(&parts.concat()), TOO_LARGE);
}

#[test]
fn parts_come_in_their_order() {
    assert_eq!(refused(&last(opcode::CONTINUATION, b"x")).code, code::PROTOCOL_ERROR);
    let within = [masked(opcode::BINARY, b"x"), last(opcode::BINARY, b"x")].concat();
    assert_eq!(refused(&within).code, code::PROTOCOL_ERROR);
}

#[test]
fn control_frames_are_short_and_whole() {
    assert_eq!(refused(&masked(opcode::PING, b"x")).code, code::PROTOCOL_ERROR);
    assert_eq!(refused(&last(opcode::PING, &[0; 126])).code, code::PROTOCOL_ERROR);
    assert_eq!(read(&last(opcode::PONG, &[0; 125])), Ok(vec![Heard::Pong]));
}

#[test]
fn text_is_utf_8() {
    let halves =
        [masked(opcode::TEXT, &"é".as_bytes()[..1]), last(opcode::CONTINUATION, &"é".as_bytes()[1..])];
    assert_eq!(read(&halves.concat()), Ok(vec![message("é".as_bytes())]));
    assert_eq!(refused(&last(opcode::TEXT, &[0xff])).code, code::NOT_UTF8);
    assert_eq!(read(&last(opcode::BINARY, &[0xff])), Ok(vec![message(&[0xff])]));
}

#[test]
fn nothing_is_read_after_a_close() {
    let bytes = [last(opcode::CLOSE, &[3, 232]), last(opcode::BINARY, b"late"), vec![0xff; 3]].concat();
    assert_eq!(read(&bytes), Ok(vec![Heard::Close(Some(1000))]));
    assert_eq!(read(&last(opcode::CLOSE, b"")), Ok(vec![Heard::Close(None)]));
    for bad in [&[3][..], &[3, 236], &[3, 237], &[0, 0], &[3, 232, 0xff]] {
        let code = refused(&last(opcode::CLOSE, bad)).code;
        assert!(code == code::PROTOCOL_ERROR || code == code::NOT_UTF8, "{bad:?}");
    }
}

#[test]
fn what_is_announced_is_not_reserved() {
    let mut reader = Reader::new(1 << 30);
    reader.take(&[0x82, 0xff, 0, 0, 0, 0, 0x3f, 0, 0, 0, 1, 2, 3, 4], &mut Vec::new()).unwrap();
    assert!(reader.frame.unwrap().payload.capacity() <= AT_FIRST);
}

#[test]
fn nothing_is_held_between_frames() {
    let mut reader = Reader::new(MOST);
    reader.take(&last(opcode::BINARY, &[1; 500]), &mut Vec::new()).unwrap();
    assert!(reader.frame.is_none() && reader.message.is_none() && reader.header_len == 0);
}

#[test]
fn a_close_says_as_much_as_fits() {
    let frame = close(1008, &"ä".repeat(100));
    assert_eq!(frame.len(), 2 + 2 + 122);
    assert!(std::str::from_utf8(&frame[4..]).is_ok());
    assert_eq!(ping(), [0x89, 0].as_slice());
    assert_eq!(pong(b"x"), [0x8a, 1, b'x'].as_slice());
}

proptest! {
    /// However the bytes are cut, the same is heard.
    #[test]
    fn pieces_make_no_difference(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5),
        cuts in prop::collection::vec(1..40usize, 1..80),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|payload| last(opcode::BINARY, payload)).collect();
        let mut reader = Reader::new(MOST);
        let mut heard = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            reader.take(now, &mut heard).unwrap();
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        let expected: Vec<Heard> = messages.iter().map(|payload| message(payload)).collect();
        prop_assert_eq!(heard, expected);
    }

    /// Any bytes are read or refused, and what is kept of them is bounded.
    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let mut heard = Vec::new();
        let mut reader = Reader::new(MOST);
        let _ = reader.take(&bytes, &mut heard);
        for one in heard {
            if let Heard::Message(bytes) = one {
                prop_assert!(bytes.len() <= MOST);
            }
        }
    }
}
