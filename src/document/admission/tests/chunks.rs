//! Bytes that no encoder writes: bombs, and chunks that are not what they say.

use std::io::Write as _;

use sha2::{Digest, Sha256};

use super::super::super::{import, scan};
use super::child::in_child;
use super::{edit, plan};

/// A chunk around any data. Its checksum fits `checked`: the data itself, or what a compressed change inflates to.
pub(super) fn chunk(kind: u8, data: &[u8], checked: &[u8]) -> Vec<u8> {
    // A change has one checksum, whether it is compressed or not.
    let mut front = vec![kind.min(1)];
    leb(&mut front, checked.len() as u64);
    let hash = Sha256::new().chain_update(&front).chain_update(checked).finalize();
    let mut out = vec![0x85, 0x6f, 0x4a, 0x83];
    out.extend(&hash[..4]);
    out.push(kind);
    leb(&mut out, data.len() as u64);
    out.extend(data);
    out
}

pub(super) fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The body of an actor's first change, with these columns.
fn body(columns: &[(u32, &[u8])]) -> Vec<u8> {
    body_of(1, columns)
}

/// The same, of a change that names so many actors, its own included.
fn body_of(actors: u8, columns: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = vec![0, 1, 0xaa, 1, 1, 1, 0, actors - 1];
    (1..actors).for_each(|other| out.extend([1, 0xaa + other]));
    leb(&mut out, columns.len() as u64);
    for (spec, data) in columns {
        leb(&mut out, u64::from(*spec));
        leb(&mut out, data.len() as u64);
    }
    columns.iter().for_each(|(_, data)| out.extend(*data));
    out
}

/// What a chunk holds, behind its front.
pub(super) fn data(chunk: &[u8]) -> &[u8] {
    let length_bytes = chunk[9..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    &chunk[9 + length_bytes..]
}

pub(super) fn deflated(data: &[u8], level: flate2::Compression) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn run(length: i64, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = length;
    loop {
        let byte = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 && byte & 0x40 == 0 {
            out.push(byte);
            break;
        }
        out.push(byte | 0x80);
    }
    out.extend(value);
    out
}

fn code(bytes: &[u8]) -> &'static str {
    scan(bytes).map(|change| panic!("taken: {change:?}")).unwrap_err().code
}

#[test]
fn a_bomb_of_run_lengths() {
    in_child(module_path!(), "a_bomb_of_run_lengths", || {
        let rows = 1 << 25;
        let bomb = body(&[
            (0x15, &run(rows, b"\x01k")),
            (0x34, &{
                let mut out = Vec::new();
                leb(&mut out, rows as u64);
                out
            }),
            (0x42, &run(rows, &[1])),
            (0x56, &run(rows, &[0])),
            (0x70, &run(rows, &[0])),
        ]);
        let bomb = chunk(1, &bomb, &bomb);
        assert!(bomb.len() < 80, "{}", bomb.len());
        assert_eq!(code(&bomb), "change_too_large");
    });
}

#[test]
fn a_bomb_of_predecessors() {
    in_child(module_path!(), "a_bomb_of_predecessors", || {
        let many = run(1, &[0x80, 0x80, 0x80, 0x80, 0x01]);
        let bomb = body(&[(0x15, b"\x01\x01k"), (0x42, &run(1, &[1])), (0x70, &many)]);
        assert_eq!(code(&chunk(1, &bomb, &bomb)), "change_too_large");
    });
}

/// Four megabytes that inflate to four gigabytes, more than the child may take.
#[test]
fn a_bomb_of_deflate() {
    in_child(module_path!(), "a_bomb_of_deflate", || {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        // Flushed to a whole byte, the piece can be said again and again.
        encoder.flush().unwrap();
        let piece = std::mem::take(encoder.get_mut());
        let data = [piece.repeat(4 << 10), encoder.finish().unwrap()].concat();
        let bomb = chunk(2, &data, &data);
        assert!(bomb.len() < 8 << 20, "{}", bomb.len());
        assert_eq!(code(&bomb), "change_too_large");
    });
}

#[test]
fn a_bomb_in_a_saved_document() {
    in_child(module_path!(), "a_bomb_in_a_saved_document", || {
        // One actor, no heads, no change columns, one operation column that declares 2^40 rows.
        let mut data = vec![1, 1, 0xaa, 0, 0, 1, 0x42];
        let bomb = run(1 << 40, &[1]);
        leb(&mut data, bomb.len() as u64);
        data.extend(&bomb);
        let chunk = chunk(0, &data, &data);
        assert_eq!(import(&chunk).unwrap_err().code, "change_too_large");
    });
}

#[test]
fn deflated_and_plain_are_the_same_change() {
    let mut document = plan();
    edit(&mut document, 0, 0, &"many words ".repeat(100));
    let change = document.get_last_local_change().unwrap();
    let plain = scan(change.raw_bytes()).unwrap();
    let deflated = change.clone().bytes().to_vec();
    assert_eq!(deflated[8], 2, "long enough to be deflated");
    assert_eq!(scan(&deflated).unwrap(), plain);
    let mut trailing = change.raw_bytes()[..9].to_vec();
    trailing[8] = 2;
    let mut inner = deflated[deflated.len() - 20..].to_vec();
    inner.push(0);
    leb(&mut trailing, inner.len() as u64);
    trailing.extend(inner);
    assert_eq!(code(&trailing), "change_malformed");
}

/// An honest body in any of its forms: the document crate reads it without looking at the checksum.
#[test]
fn a_checksum_that_does_not_fit() {
    let mut document = plan();
    edit(&mut document, 0, 0, "more");
    let change = document.get_last_local_change().unwrap();
    let body = data(change.raw_bytes());
    for kind in [1, 2] {
        let stored = if kind == 2 { deflated(body, flate2::Compression::best()) } else { body.to_vec() };
        assert!(scan(&chunk(kind, &stored, body)).is_ok());
        assert_eq!(code(&chunk(kind, &stored, b"something else")), "change_checksum");
        // Each byte of the checksum counts.
        for at in 4..8 {
            let mut wrong = chunk(kind, &stored, body);
            wrong[at] ^= 0x10;
            assert_eq!(code(&wrong), "change_checksum");
        }
    }
    // The checksum of a compressed change is that of what it inflates to, not of its bytes.
    let stored = deflated(body, flate2::Compression::best());
    assert_eq!(code(&chunk(2, &stored, &stored)), "change_checksum");
    let saved = document.save();
    let mut wrong = chunk(0, data(&saved), data(&saved));
    assert_eq!(wrong, saved);
    wrong[5] ^= 1;
    assert_eq!(import(&wrong).unwrap_err().code, "document_checksum");
}

/// The document crate panics at an index beyond the actors that are listed: in every column that has such.
#[test]
fn an_actor_index_out_of_range() {
    for (first, last) in [(0, 1), (0, 2), (1, 2), (0, 0x7f)] {
        let index = |number| [run(1, &[first]), run(1, &[number])].concat();
        let listed = if first == 0 { 1 } else { 2 };
        for spec in [0x01, 0x11, 0x71] {
            let columns = |number| -> Vec<(u32, Vec<u8>)> {
                let mut columns = vec![
                    (0x01, index(0)),
                    (0x02, run(2, &[1])),
                    (0x11, index(0)),
                    (0x13, run(2, &[1])),
                    (0x42, run(2, &[1])),
                    (0x70, run(2, &[1])),
                    (0x71, index(0)),
                    (0x73, run(2, &[1])),
                ];
                columns.iter_mut().find(|column| column.0 == spec).unwrap().1 = index(number);
                columns
            };
            let code = |number| {
                let columns = columns(number);
                let columns: Vec<(u32, &[u8])> =
                    columns.iter().map(|(spec, data)| (*spec, &data[..])).collect();
                let body = body_of(listed, &columns);
                scan(&chunk(1, &body, &body)).err().map(|refused| refused.code)
            };
            assert_eq!(code(0), None, "{spec:x}: all of them are listed");
            assert_eq!(code(last), Some("change_malformed"), "{spec:x}: {last} of {listed}");
        }
    }
    // One row, and nothing else in the change.
    let alone = body(&[(0x01, &run(1, &[1])), (0x02, &run(1, &[1])), (0x42, &run(1, &[1]))]);
    assert_eq!(code(&chunk(1, &alone, &alone)), "change_malformed");
}

#[test]
fn bytes_that_are_not_what_they_say() {
    let good =
        body(&[(0x15, b"\x01\x01k"), (0x42, &run(1, &[1])), (0x56, &run(1, &[0])), (0x70, &run(1, &[0]))]);
    let whole = chunk(1, &good, &good);
    assert!(scan(&whole).is_ok());
    let broken = |data: &[u8]| code(&chunk(1, data, data));
    let with = |columns: &[(u32, &[u8])]| broken(&body(columns));

    assert_eq!(code(&whole[..whole.len() - 1]), "change_malformed");
    assert_eq!(code(&[&whole[..], &[0]].concat()), "change_malformed");
    assert_eq!(code(&chunk(3, &good, &good)), "chunk_kind");
    assert_eq!(code(b""), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[8]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x15, b"\x01\x01k")]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x4a, &run(1, &[1]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0xf2, &run(1, &[1]))]), "change_column");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x56, &run(1, &[0x16])), (0x57, b"ab")]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x56, &run(1, &[0x0a]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x70, &run(1, &[1]))]), "change_malformed");
    assert_eq!(with(&[(0x42, &run(1, &[1])), (0x15, &[0x01, 0x81, 0x00, b'k'])]), "change_malformed");
    let key = [&[0x01, 0x81, 0x02][..], &[b'k'; 257]].concat();
    assert_eq!(with(&[(0x15, &key), (0x42, &run(1, &[1]))]), "change_too_large");
    // An operation number above all others, reached by adding up differences.
    assert_eq!(
        with(&[(0x13, &run(2, &[0x80, 0x80, 0x80, 0x80, 0x08])), (0x42, &run(2, &[1]))]),
        "change_counter"
    );
    // Numbers written longer than needed: the number of dependencies; the time.
    assert_eq!(broken(&[&[0x80, 0x00][..], &good[1..]].concat()), "change_malformed");
    assert_eq!(broken(&[&good[..5], &[0x81, 0x00], &good[6..]].concat()), "change_malformed");
    // Dependencies that are declared and not there; out of order; twice.
    assert_eq!(broken(&[&[0x02][..], &good[1..]].concat()), "change_malformed");
    assert_eq!(broken(&[&[0x02][..], &[7; 64], &good[1..]].concat()), "change_malformed");
    assert_eq!(broken(&[&[0x81, 0x02][..], &[7; 64], &good[1..]].concat()), "change_too_large");
}
