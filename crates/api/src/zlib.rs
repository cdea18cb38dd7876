//! zlib (RFC 1950), as status lists are compressed.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Compresses as well as can be: a list is read far more often than it is made.
pub(crate) fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Returns what was compressed, if that is `limit` bytes at most.
pub(crate) fn inflate(compressed: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    ZlibDecoder::new(compressed)
        .take(one_more)
        .read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other("it is too long"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back_within_the_limit() {
        let compressed = deflate(&[0; 32_768]).unwrap();
        assert!(compressed.len() < 100);
        assert_eq!(inflate(&compressed, 32_768).unwrap(), [0; 32_768]);
        assert!(inflate(&compressed, 32_767).is_err());
        assert!(inflate(b"no zlib", 32_768).is_err());
    }
}
