//! Keys that order siblings: between any two there is room for another. The same keys as the npm package
//! `fractional-indexing` makes, since the web client makes them with it; compared byte by byte.
//!
//! A key is a whole number and a fraction in base 62. The number's first letter says how many digits follow:
//! `a` one, `b` two and so on; `Z` one, `Y` two and so on below zero. The fraction does not end in `0`.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key after `low` and before `high`, where none means no bound. None if a bound is not a key, or if `low`
/// is not less than `high`.
pub fn between(low: Option<&str>, high: Option<&str>) -> Option<String> {
    let low = low.map(Key::read).map_or(Ok(None), |key| key.map(Some).ok_or(())).ok()?;
    let high = high.map(Key::read).map_or(Ok(None), |key| key.map(Some).ok_or(())).ok()?;
    let key = match (low, high) {
        (None, None) => b"a0".to_vec(),
        (None, Some(high)) => before(&high)?,
        (Some(low), None) => match step(low.whole, true) {
            Some(next) => next,
            None => join(low.whole, &midpoint(low.fraction, None)),
        },
        (Some(low), Some(high)) => {
            if (low.whole, low.fraction) >= (high.whole, high.fraction) {
                return None;
            }
            if low.whole == high.whole {
                join(low.whole, &midpoint(low.fraction, Some(high.fraction)))
            } else {
                let next = step(low.whole, true)?;
                // A whole number equal to `high`'s is before it only if `high` has a fraction.
                if next.as_slice() < high.whole || (next == high.whole && !high.fraction.is_empty()) {
                    next
                } else {
                    join(low.whole, &midpoint(low.fraction, None))
                }
            }
        }
    };
    String::from_utf8(key).ok()
}

fn before(high: &Key<'_>) -> Option<Vec<u8>> {
    if is_least(high.whole) {
        Some(join(high.whole, &midpoint(b"", Some(high.fraction))))
    } else if high.fraction.is_empty() {
        step(high.whole, false)
    } else {
        Some(high.whole.to_vec())
    }
}

struct Key<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl<'a> Key<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.iter().any(|byte| !byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (whole, fraction) = bytes.split_at_checked(length(*bytes.first()?)?)?;
        let valid = fraction.last() != Some(&b'0') && !(is_least(whole) && fraction.is_empty());
        valid.then_some(Self { whole, fraction })
    }
}

/// How long a whole number is, by its first letter.
fn length(head: u8) -> Option<usize> {
    match head {
        b'a'..=b'z' => Some(usize::from(head - b'a') + 2),
        b'A'..=b'Z' => Some(usize::from(b'Z' - head) + 2),
        _ => None,
    }
}

/// There is no whole number below it.
fn is_least(whole: &[u8]) -> bool {
    whole.first() == Some(&b'A') && whole[1..].iter().all(|digit| *digit == b'0')
}

fn join(whole: &[u8], fraction: &[u8]) -> Vec<u8> {
    [whole, fraction].concat()
}

/// The next whole number up or down; none behind the last.
fn step(whole: &[u8], up: bool) -> Option<Vec<u8>> {
    let (wraps, becomes) = if up { (b'z', b'0') } else { (b'0', b'z') };
    let mut next = whole.to_vec();
    for digit in next[1..].iter_mut().rev() {
        if *digit != wraps {
            let at = value(*digit);
            *digit = DIGITS[if up { at + 1 } else { at - 1 }];
            return Some(next);
        }
        *digit = becomes;
    }
    let head = match (next[0], up) {
        (b'z', true) | (b'A', false) => return None,
        (b'Z', true) => b'a',
        (b'a', false) => b'Z',
        (head, true) => head + 1,
        (head, false) => head - 1,
    };
    next[0] = head;
    next.resize(length(head)?, becomes);
    Some(next)
}

fn value(digit: u8) -> usize {
    DIGITS.iter().position(|known| *known == digit).unwrap_or(0)
}

/// A fraction between two; no upper one means 1. `low` is less than `high`.
fn midpoint(low: &[u8], high: Option<&[u8]>) -> Vec<u8> {
    let mut result = Vec::new();
    let mut low = low.iter().map(|digit| value(*digit));
    let mut high = high.map(|high| high.iter().map(|digit| value(*digit)).peekable());
    loop {
        let below = low.next().unwrap_or(0);
        let above = high.as_mut().map_or(DIGITS.len(), |high| high.next().unwrap_or(0));
        if below == above {
            result.push(DIGITS[below]);
        } else if above > below + 1 {
            result.push(DIGITS[(below + above).div_ceil(2)]);
            return result;
        } else if high.as_mut().is_some_and(|high| high.peek().is_some()) {
            // The digit alone is less than `high`, which goes on.
            result.push(DIGITS[above]);
            return result;
        } else {
            result.push(DIGITS[below]);
            high = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_keys_are_those_of_the_package_in_the_browser() {
        for (low, high, key) in [
            (None, None, Some("a0")),
            (None, Some("a0"), Some("Zz")),
            (None, Some("Zz"), Some("Zy")),
            (Some("a0"), None, Some("a1")),
            (Some("a1"), None, Some("a2")),
            (Some("a0"), Some("a1"), Some("a0V")),
            (Some("a1"), Some("a2"), Some("a1V")),
            (Some("a0V"), Some("a1"), Some("a0l")),
            (Some("Zz"), Some("a0"), Some("ZzV")),
            (Some("Zz"), Some("a1"), Some("a0")),
            (None, Some("Y00"), Some("Xzzz")),
            (Some("bzz"), None, Some("c000")),
            (Some("a0"), Some("a0V"), Some("a0G")),
            (Some("a0"), Some("a0G"), Some("a08")),
            (Some("b125"), Some("b129"), Some("b127")),
            (Some("a0"), Some("a1V"), Some("a1")),
            (Some("Zz"), Some("a01"), Some("a0")),
            (None, Some("a0V"), Some("a0")),
            (None, Some("b999"), Some("b99")),
            (None, Some("A000000000000000000000000001"), Some("A000000000000000000000000000V")),
            (Some("zzzzzzzzzzzzzzzzzzzzzzzzzzy"), None, Some("zzzzzzzzzzzzzzzzzzzzzzzzzzz")),
            (Some("zzzzzzzzzzzzzzzzzzzzzzzzzzz"), None, Some("zzzzzzzzzzzzzzzzzzzzzzzzzzzV")),
            (Some("a00"), None, None),
            (Some("a00"), Some("a1"), None),
            (Some("0"), Some("1"), None),
            (Some("a1"), Some("a0"), None),
            (Some("a1"), Some("a1"), None),
            (Some(""), None, None),
            (None, Some("A00000000000000000000000000"), None),
            (Some("a-"), None, None),
            (Some("b0"), None, None),
        ] {
            assert_eq!(between(low, high).as_deref(), key, "between {low:?} and {high:?}");
        }
    }

    proptest! {
        #[test]
        fn there_is_always_room(places in prop::collection::vec(any::<prop::sample::Index>(), 1..200)) {
            let mut keys: Vec<String> = Vec::new();
            for place in places {
                let at = place.index(keys.len() + 1);
                let low = at.checked_sub(1).map(|low| keys[low].as_str());
                let key = between(low, keys.get(at).map(String::as_str)).unwrap();
                keys.insert(at, key);
            }
            prop_assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        }

        #[test]
        fn no_bounds_panic(low in "[a-cX-Z0z]{0,5}|.{0,4}", high in "[a-cX-Z0z]{0,5}|.{0,4}") {
            if let Some(key) = between(Some(&low), Some(&high)) {
                prop_assert!(low < key && key < high);
            }
        }
    }
}
