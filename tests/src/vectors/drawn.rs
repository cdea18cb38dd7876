//! Drawn tokens: claims around every edge, in combinations that nobody thought of.

use ring::digest::{SHA256, digest};
use serde_json::json;

use super::{Asker, NOW, Vectors, claims_with, expected};

const COUNT: u32 = 80;

/// Draws below a limit, from one seed.
struct Draws {
    count: u32,
}

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.count += 1;
        let bytes = digest(
            &SHA256,
            format!("licentia vectors {}", self.count).as_bytes(),
        );
        let head: [u8; 8] = bytes.as_ref()[..8].try_into().unwrap();
        usize::try_from(u64::from_be_bytes(head) % limit as u64).unwrap()
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut draws = Draws { count: 0 };
    let edges = [0, NOW - 7_200, NOW - 1, NOW, NOW + 1, NOW + 7_200];
    for number in 1..=COUNT {
        let claims = claims_with(json!({
            "iat": NOW + draws.of(&[0, -1, 1, -7_200, 3_600, 3_601]),
            "eat": draws.of(&edges),
            "leat": draws.of(&[0, 0, 0, NOW - 1, NOW, NOW + 7_200]),
            "ssgpeat": draws.of(&edges),
            "ssi": draws.of(&[0, 10, 3_600]),
            "aco": draws.of(&[-1, 0, 60, 3_600]),
            "suspended": draws.of(&[false, true]),
        }));
        let asker = Asker {
            now: NOW + draws.of(&[0, 0, -1, 1, 3_600, -3_600]),
            ..Asker::default()
        };
        let token = vectors.signers.product(&claims);
        vectors.token(
            &format!("drawn {number}"),
            &token,
            &asker,
            expected(&claims, &asker),
        );
    }
}
