//! Base64 with the alphabet of PEM and of HTTP's headers, read by the decoder of base64url: a decoder for each would be a
//! thirtieth of `licentia/check`.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Reads a text with its padding. Letters of the other alphabet do as well.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text
        .len()
        .is_multiple_of(4)
        .then(|| text.trim_end_matches('='))?;
    let other = |letter| match letter {
        '+' => '-',
        '/' => '_',
        _ => letter,
    };
    let letters: String = letters.chars().map(other).collect();
    Base64UrlUnpadded::decode_vec(&letters).ok()
}

#[cfg(test)]
mod tests {
    use base64ct::Base64;

    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        let bytes: Vec<u8> = (0..=255).collect();
        for start in 0..=255 {
            let bytes = bytes.get(start..).unwrap();
            assert_eq!(
                decode(&Base64::encode_string(bytes)).as_deref(),
                Some(bytes)
            );
        }
    }

    #[test]
    fn what_nobody_writes_is_not_read() {
        for text in [
            "AA", "AAA", "A===", "AB==", "AAB=", "AA=A", "A A=", "AA=\n", "AA!A", "ÄÄ",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
