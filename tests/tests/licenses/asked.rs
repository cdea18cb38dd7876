//! Requests about one license, drawn at random; some of them are wrong.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use crate::{Read, Story, text};

const MERGE_PATCH: &str = "application/merge-patch+json";

/// A sequence of numbers that look drawn, the same each time.
pub(crate) struct Drawn(Cell<u64>);

impl From<u64> for Drawn {
    fn from(seed: u64) -> Self {
        Self(Cell::new(seed))
    }
}

impl Drawn {
    pub(crate) fn below(&self, limit: usize) -> usize {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        usize::try_from(state % limit as u64).unwrap()
    }

    fn one<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A request.
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Value,
}

impl Story {
    pub(crate) fn ask(&self, now: &Read) -> Asked {
        let asked = |method, under: &str, body| Asked {
            method,
            target: format!("/v3/licenses/{}{under}", self.license),
            content_type: "application/json",
            body,
        };
        match self.drawn.below(12) {
            0 => asked("PATCH", "", json!({"revoked": self.drawn.below(2) == 0})),
            1 => asked(
                "PATCH",
                "",
                json!({"suspended": self.drawn.below(2) == 0, "notes": "s"}),
            ),
            2 => asked("POST", "/renew", json!({})),
            3 => asked(
                "POST",
                "/extend",
                json!({"extensionLength": self.drawn.below(9_000)}),
            ),
            4 => asked("PATCH", "/expires-at", json!({"expiresAt": self.end()})),
            5 => self.machine(),
            6 => self.part(now),
            7 => Asked {
                content_type: MERGE_PATCH,
                ..asked("PATCH", "", self.cleared())
            },
            _ => asked("PATCH", "", self.changes()),
        }
    }

    fn end(&self) -> Value {
        let year = 2020 + self.drawn.below(20);
        match self.drawn.below(4) {
            0 => Value::Null,
            1 => json!("soon"),
            _ => json!(format!("{year}-01-31T00:00:00Z")),
        }
    }

    /// Fields of an update: one to three of them, some of them wrong.
    fn changes(&self) -> Value {
        let drawn = &self.drawn;
        let mut body = Map::new();
        for _ in 0..=drawn.below(3) {
            let small = drawn.below(4);
            let (name, value) = match drawn.below(14) {
                0 => ("notes", json!(["", "a", "b"][drawn.below(3)])),
                1 => ("allowedActivations", json!(small as i64 - 2)),
                2 => (
                    "subscriptionInterval",
                    json!(["P1M", "P1Y", "x"][drawn.below(3)]),
                ),
                3 => (
                    "subscriptionStartTrigger",
                    json!(["creation", "activation"][drawn.below(2)]),
                ),
                4 => ("tags", json!(&["x", "y", "z"][..small.min(3)])),
                5 => ("metadata", self.entries("value")),
                6 => ("meterAttributes", self.entries("allowedUses")),
                7 => ("userId", json!(drawn.one(&self.users))),
                8 => ("additionalUserIds", json!(&self.users[..drawn.below(3)])),
                9 => ("effectiveAt", json!(format!("202{small}-01-01"))),
                10 => ("allowedCountries", json!(["DE", "Germany"][drawn.below(2)])),
                11 => ("key", json!(format!("a-key-of-our-own-{}", drawn.below(8)))),
                12 => ("revoked", json!(small == 0)),
                _ => ("serverSyncInterval", json!(small * 60)),
            };
            let list = name == "allowedCountries";
            body.insert(name.to_owned(), if list { json!([value]) } else { value });
        }
        Value::Object(body)
    }

    fn entries(&self, of: &str) -> Value {
        let name = if of == "value" { "key" } else { "name" };
        let entry = |_| {
            let number = self.drawn.below(4);
            let value = if of == "value" {
                json!(number.to_string())
            } else {
                json!(number)
            };
            json!({name: self.drawn.one(&["One", "one", "two", "three"]), of: value})
        };
        (0..self.drawn.below(3)).map(entry).collect()
    }

    fn cleared(&self) -> Value {
        let names = [
            "notes",
            "subscriptionInterval",
            "tags",
            "metadata",
            "meterAttributes",
            "userId",
            "additionalUserIds",
            "effectiveAt",
            "allowedActivations",
        ];
        json!({*self.drawn.one(&names): null})
    }

    /// A machine activates; what it is told is no license.
    fn machine(&self) -> Asked {
        let machine = format!("machine-{}", self.drawn.below(3));
        let body = json!({
            "key": self.key(), "productId": self.product, "fingerprint": machine, "os": "linux", "hostname": "h",
            "appVersion": "1", "userHash": "u", "meterAttributes": [{"name": "two", "usesIncrement": 1}],
        });
        Asked {
            method: "POST",
            target: "/v3/activations".to_owned(),
            content_type: "",
            body,
        }
    }

    /// A part of the license goes, or is counted anew; where it has none, one that nobody has.
    fn part(&self, now: &Read) -> Asked {
        let of = |list: &str| {
            let parts = now.body[list].as_array().unwrap();
            let nobody = json!("00000000-0000-4000-8000-000000000000");
            text(
                parts
                    .get(self.drawn.below(3))
                    .map_or(&nobody, |part| &part["id"]),
            )
        };
        let (method, target) = match self.drawn.below(3) {
            0 => ("DELETE", format!("metadata/{}", of("metadata"))),
            1 => (
                "DELETE",
                format!("meter-attributes/{}", of("meterAttributes")),
            ),
            _ => (
                "POST",
                format!("meter-attributes/{}/reset", of("meterAttributes")),
            ),
        };
        Asked {
            method,
            target: format!("/v3/licenses/{target}"),
            content_type: "",
            body: json!({}),
        }
    }
}
