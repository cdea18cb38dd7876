//! Files encrypted to a passphrase, in the format of age (<https://age-encryption.org/v1>): `age --decrypt` opens them.
//!
//! Of the format this is the part with one passphrase (its `scrypt` recipient) and the ASCII armor, over the same ciphers
//! that wrap the keys at rest. Random bytes are passed in, as everywhere here; the `age` crate draws its own, brings a
//! second generation of every cipher, and would make the Worker larger by 800 KB. Tests hold the two against each other.

use base64ct::{Base64, Base64Unpadded, Encoding};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit as _};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const VERSION: &str = "age-encryption.org/v1";
const SALT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
/// 32 MiB and some tenths of a second: what an isolate of 128 MB can spare.
const WORK_FACTOR: u8 = 15;
const CHUNK: usize = 65_536;
const TAG: usize = 16;
const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// Why a file does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgeFault {
    /// It is no file of this format, or not one to a passphrase.
    #[error("it is no age file, in its ASCII armor, that is encrypted to a passphrase")]
    Malformed,
    /// It would take more memory than there is.
    #[error("its scrypt work factor is over {WORK_FACTOR}")]
    TooMuchWork,
    /// Passphrase and file do not belong together, or the file was changed.
    #[error("the passphrase is wrong, or the file was changed")]
    WrongPassphrase,
}

/// Random bytes for one file.
#[derive(Debug)]
pub struct Chances {
    /// The key that the passphrase wraps.
    pub file_key: [u8; 16],
    /// The salt of the passphrase.
    pub salt: [u8; 16],
    /// The nonce of what is encrypted.
    pub nonce: [u8; 16],
}

/// Encrypts `plain` to a passphrase.
#[must_use]
pub fn encrypt(plain: &[u8], passphrase: &str, chances: &Chances) -> Option<String> {
    let Chances {
        file_key,
        salt,
        nonce,
    } = chances;
    let wrapping = wrapping_key(passphrase, salt, WORK_FACTOR)?;
    let wrapped = cipher(&wrapping)
        .encrypt(&[0; 12].into(), file_key.as_slice())
        .ok()?;
    let header = format!(
        "{VERSION}\n-> scrypt {} {WORK_FACTOR}\n{}\n---",
        Base64Unpadded::encode_string(salt),
        Base64Unpadded::encode_string(&wrapped)
    );
    let mac =
        Base64Unpadded::encode_string(&mac(file_key, header.as_bytes())?.finalize().into_bytes());
    let mut file = format!("{header} {mac}\n").into_bytes();
    file.extend_from_slice(nonce);
    let cipher = cipher(&derived(file_key, nonce, b"payload")?);
    let last = plain.len().saturating_sub(1).checked_div(CHUNK)?;
    let mut chunks: Vec<&[u8]> = plain.chunks(CHUNK).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    for (number, chunk) in chunks.into_iter().enumerate() {
        file.extend(
            cipher
                .encrypt(&stream_nonce(number, number == last).into(), chunk)
                .ok()?,
        );
    }
    Some(armored(&file))
}

/// Decrypts a file with its passphrase.
///
/// # Errors
/// Says whether the file or the passphrase is wrong, as far as that can be told apart.
pub fn decrypt(text: &str, passphrase: &str) -> Result<Vec<u8>, AgeFault> {
    let file = unarmored(text).ok_or(AgeFault::Malformed)?;
    let header = Header::read(&file).ok_or(AgeFault::Malformed)?;
    if header.work_factor > WORK_FACTOR {
        return Err(AgeFault::TooMuchWork);
    }
    let wrapping = wrapping_key(passphrase, &header.salt, header.work_factor);
    let wrapping = wrapping.ok_or(AgeFault::Malformed)?;
    let file_key = cipher(&wrapping).decrypt(&[0; 12].into(), header.wrapped.as_slice());
    let file_key = file_key.map_err(|_cipher| AgeFault::WrongPassphrase)?;
    let mac = mac(&file_key, header.text).ok_or(AgeFault::Malformed)?;
    mac.verify_slice(&header.mac)
        .map_err(|_mac| AgeFault::WrongPassphrase)?;
    payload(&file_key, header.payload).ok_or(AgeFault::WrongPassphrase)
}

fn payload(file_key: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = payload.split_first_chunk::<16>()?;
    let cipher = cipher(&derived(file_key, nonce, b"payload")?);
    let chunks: Vec<&[u8]> = sealed.chunks(CHUNK.checked_add(TAG)?).collect();
    let last = chunks.len().checked_sub(1)?;
    let mut plain = Vec::with_capacity(sealed.len());
    for (number, chunk) in chunks.into_iter().enumerate() {
        plain.extend(
            cipher
                .decrypt(&stream_nonce(number, number == last).into(), chunk)
                .ok()?,
        );
    }
    Some(plain)
}

/// What stands in front of the encrypted bytes.
struct Header<'a> {
    /// What the MAC is of.
    text: &'a [u8],
    salt: [u8; 16],
    work_factor: u8,
    wrapped: Vec<u8>,
    mac: Vec<u8>,
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(file: &'a [u8]) -> Option<Self> {
        let at = file.windows(5).position(|window| window == b"\n--- ")?;
        let text = file.get(..at.checked_add(4)?)?;
        let rest = file.get(at.checked_add(5)?..)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (mac, payload) = (rest.get(..end)?, rest.get(end.checked_add(1)?..)?);
        let lines: Vec<&str> = std::str::from_utf8(text).ok()?.split('\n').collect();
        let [VERSION, stanza, wrapped, "---"] = lines.as_slice() else {
            return None;
        };
        let (salt, work_factor) = stanza.strip_prefix("-> scrypt ")?.split_once(' ')?;
        Some(Self {
            text,
            salt: Base64Unpadded::decode_vec(salt).ok()?.try_into().ok()?,
            work_factor: work_factor.parse().ok().filter(|factor| *factor > 0)?,
            wrapped: Base64Unpadded::decode_vec(wrapped)
                .ok()
                .filter(|wrapped| wrapped.len() == 32)?,
            mac: Base64Unpadded::decode_vec(std::str::from_utf8(mac).ok()?).ok()?,
            payload,
        })
    }
}

fn wrapping_key(passphrase: &str, salt: &[u8], work_factor: u8) -> Option<[u8; 32]> {
    let parameters = scrypt::Params::new(work_factor, 8, 1).ok()?;
    let salt = [SALT_LABEL, salt].concat();
    let mut key = [0; 32];
    scrypt::scrypt(passphrase.as_bytes(), &salt, &parameters, &mut key).ok()?;
    Some(key)
}

fn derived(file_key: &[u8], salt: &[u8], purpose: &[u8]) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let derivation = Hkdf::<Sha256>::new(Some(salt), file_key);
    derivation.expand(purpose, &mut key).ok().map(|()| key)
}

fn mac(file_key: &[u8], header: &[u8]) -> Option<Hmac<Sha256>> {
    let key = derived(file_key, &[], b"header")?;
    Some(Hmac::new_from_slice(&key).ok()?.chain_update(header))
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.into())
}

/// Eleven bytes count the chunks, and the last byte says which is the last one.
fn stream_nonce(number: usize, last: bool) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = u64::try_from(number).unwrap_or(u64::MAX).to_be_bytes();
    [0, 0, 0, a, b, c, d, e, f, g, h, u8::from(last)]
}

fn armored(file: &[u8]) -> String {
    let text = Base64::encode_string(file);
    let mut armored = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(64) {
        armored.push_str(std::str::from_utf8(line).unwrap_or_default());
        armored.push('\n');
    }
    armored + END + "\n"
}

fn unarmored(text: &str) -> Option<Vec<u8>> {
    let inside = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let base64: String = inside.split_whitespace().collect();
    Base64::decode_vec(&base64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "correct horse battery";
    /// Made by the `age` crate, version 0.12.1, with a work factor of 10.
    const THEIRS: &str = include_str!("age/theirs.age");
    /// Made here, and opened by the `age` crate.
    const OURS: &str = include_str!("age/ours.age");

    fn chances() -> Chances {
        Chances {
            file_key: [1; 16],
            salt: [2; 16],
            nonce: [3; 16],
        }
    }

    #[test]
    fn a_file_of_another_implementation_opens() {
        assert_eq!(decrypt(THEIRS, PASSPHRASE), Ok(b"signing keys".to_vec()));
    }

    #[test]
    fn another_implementation_has_opened_what_is_made_here() {
        let made = encrypt(b"signing keys", PASSPHRASE, &chances());
        assert_eq!(made.as_deref(), Some(OURS));
    }

    #[test]
    fn long_texts_and_none_come_back() {
        for length in [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
            let plain = vec![7; length];
            let file = encrypt(&plain, PASSPHRASE, &chances()).unwrap();
            assert_eq!(decrypt(&file, PASSPHRASE), Ok(plain), "{length}");
        }
    }

    #[test]
    fn a_wrong_passphrase_and_a_changed_file_open_nothing() {
        let wrong = Err(AgeFault::WrongPassphrase);
        assert_eq!(decrypt(OURS, "another passphrase"), wrong);
        let file = unarmored(OURS).unwrap();
        for position in [file.len() - 1, file.len() - 30, 70] {
            let mut changed = file.clone();
            changed[position] ^= 1;
            assert!(
                decrypt(&armored(&changed), PASSPHRASE).is_err(),
                "{position}"
            );
        }
        assert!(decrypt(&armored(&file[..file.len() - 1]), PASSPHRASE).is_err());
        assert_eq!(decrypt("", PASSPHRASE), Err(AgeFault::Malformed));
    }

    #[test]
    fn a_file_that_takes_too_much_memory_is_refused() {
        let file = unarmored(OURS).unwrap();
        let at = file
            .windows(4)
            .position(|window| window == b" 15\n")
            .unwrap();
        let costly = [&file[..at], b" 22\n", &file[at + 4..]].concat();
        assert_eq!(
            decrypt(&armored(&costly), PASSPHRASE),
            Err(AgeFault::TooMuchWork)
        );
    }
}
