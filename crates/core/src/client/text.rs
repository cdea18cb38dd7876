//! How what is stored is written and read: one JSON object, whose parts are sealed against other hands.
//!
//! A seal is a digest of a part, keyed by product and fingerprint. Who reads this code can make one: it tells an edited store
//! from one that this code wrote, and keeps no secret. A part whose seal is broken stays broken when it is written again.
//! Members that this version does not know are kept as they are, so that two versions can share a store.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::Client;
use super::stored::{Ended, Listed, Part, Stored, Trial, Word};
use crate::object::{Object, other_members, quoted};
use crate::status_code::StatusCode;
use crate::token::Token;

const SEAL_SIZE: usize = 16;

/// What is read: the members that this version knows, and those of the objects in it.
const NAMES: &[&str] = &[
    "token",
    "tokenSeal",
    "key",
    "keySeal",
    "seen",
    "seenSeal",
    "trial",
    "trialSeal",
    "ended",
    "endedSeal",
    "word",
    "wordSeal",
    "listed",
    "listedSeal",
    "lastError",
    "start",
    "end",
    "aid",
    "iat",
    "lid",
    "ver",
    "suspended",
    "eat",
    "epoch",
    "until",
];
const MEMBERS: &[&str] = NAMES.split_at(NAMES.len() - 10).0;

impl Client {
    /// Reads what was stored. A text that is none of ours holds nothing, just as an empty store does.
    #[must_use]
    pub fn read(&self, text: &str) -> Stored {
        let object = Object::parse(text, NAMES).filter(|object| object.has("seenSeal"));
        let Some(object) = object else {
            return Stored::default();
        };
        let token = object.text("token").ok();
        let verified = token.as_deref().and_then(|text| self.verified(text));
        let sealer = self.sealer(verified.as_ref());
        let last_error = object.number("lastError").ok();
        Stored {
            token: sealer.part(&object, "tokenSeal", token),
            key: sealer.part(&object, "keySeal", object.text("key").ok()),
            seen: sealer.part(
                &object,
                "seenSeal",
                object.number("seen").unwrap_or_default(),
            ),
            trial: sealer.part(&object, "trialSeal", trial_in(&object)),
            ended: sealer.part(&object, "endedSeal", ended_in(&object)),
            word: sealer.part(&object, "wordSeal", word_in(&object)),
            listed: sealer.part(&object, "listedSeal", listed_in(&object)),
            last_error: last_error.map_or(StatusCode::OK, code),
            verified,
            more: other_members(text, MEMBERS),
        }
    }

    /// Returns the text to store.
    #[must_use]
    pub fn write(&self, stored: &Stored) -> String {
        let sealer = self.sealer(stored.verified.as_ref());
        let mut text = Writer::default();
        for (name, json) in &stored.more {
            text.member(name, json);
        }
        text.part(&sealer, "token", "tokenSeal", &stored.token);
        text.part(&sealer, "key", "keySeal", &stored.key);
        text.part(&sealer, "seen", "seenSeal", &stored.seen);
        text.part(&sealer, "trial", "trialSeal", &stored.trial);
        text.part(&sealer, "ended", "endedSeal", &stored.ended);
        text.part(&sealer, "word", "wordSeal", &stored.word);
        text.part(&sealer, "listed", "listedSeal", &stored.listed);
        text.member("lastError", &stored.last_error.number().to_string());
        text.ended()
    }

    /// A store that was copied from another device keeps that device's seals, so that what is wrong with it is the device.
    fn sealer<'a>(&'a self, verified: Option<&'a Token>) -> Sealer<'a> {
        Sealer {
            product: self.product_id.to_ascii_lowercase(),
            fingerprint: verified.map_or(&self.fingerprint, |token| &token.facts().fp),
        }
    }
}

fn trial_in(object: &Object<'_>) -> Option<Trial> {
    let trial = object.object("trial")?;
    Some(Trial {
        start: trial.number("start").ok()?,
        end: trial.number("end").ok()?,
    })
}

fn ended_in(object: &Object<'_>) -> Option<Ended> {
    let ended = object.object("ended")?;
    Some(Ended {
        aid: ended.text("aid").ok()?,
        iat: ended.number("iat").ok()?,
        lid: ended.text("lid").ok()?,
        // A store of before these were kept has none.
        epoch: ended.number("epoch").unwrap_or_default(),
        until: ended.number("until").unwrap_or_default(),
    })
}

fn word_in(object: &Object<'_>) -> Option<Word> {
    let word = object.object("word")?;
    Some(Word {
        lid: word.text("lid").ok()?,
        ver: word.number("ver").ok()?,
        // The same.
        iat: word.number("iat").unwrap_or_default(),
        suspended: word.flag("suspended").ok()?,
        eat: word.number("eat").ok()?,
    })
}

fn listed_in(object: &Object<'_>) -> Option<Listed> {
    let listed = object.object("listed")?;
    Some(Listed {
        lid: listed.text("lid").ok()?,
        ver: listed.number("ver").ok()?,
        iat: listed.number("iat").ok()?,
        suspended: listed.flag("suspended").ok()?,
    })
}

fn code(number: i64) -> StatusCode {
    let number = u8::try_from(number).ok();
    number
        .and_then(StatusCode::from_number)
        .unwrap_or(StatusCode::FAIL)
}

/// What a part is in JSON; none if there is nothing.
trait Told {
    fn json(&self) -> Option<String>;
}

impl Told for i64 {
    fn json(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Told for Option<String> {
    fn json(&self) -> Option<String> {
        self.as_deref().map(quoted)
    }
}

impl Told for Option<Trial> {
    fn json(&self) -> Option<String> {
        let Trial { start, end } = self.as_ref()?;
        Some(object_of(&[
            ("start", start.to_string()),
            ("end", end.to_string()),
        ]))
    }
}

impl Told for Option<Ended> {
    fn json(&self) -> Option<String> {
        let Ended {
            aid,
            iat,
            lid,
            epoch,
            until,
        } = self.as_ref()?;
        let members = [
            ("aid", quoted(aid)),
            ("iat", iat.to_string()),
            ("lid", quoted(lid)),
            ("epoch", epoch.to_string()),
            ("until", until.to_string()),
        ];
        Some(object_of(known_since(3, &members)))
    }
}

impl Told for Option<Word> {
    fn json(&self) -> Option<String> {
        let Word {
            lid,
            ver,
            iat,
            suspended,
            eat,
        } = self.as_ref()?;
        let members = [
            ("lid", quoted(lid)),
            ("ver", ver.to_string()),
            ("suspended", suspended.to_string()),
            ("eat", eat.to_string()),
            ("iat", iat.to_string()),
        ];
        Some(object_of(known_since(4, &members)))
    }
}

impl Told for Option<Listed> {
    fn json(&self) -> Option<String> {
        let listed = self.as_ref()?;
        Some(object_of(&[
            ("lid", quoted(&listed.lid)),
            ("ver", listed.ver.to_string()),
            ("iat", listed.iat.to_string()),
            ("suspended", listed.suspended.to_string()),
        ]))
    }
}

/// Leaves out what is zero of the last members: a store of before they were kept has none, and its seal is over that.
fn known_since<'a>(
    first: usize,
    members: &'a [(&'static str, String)],
) -> &'a [(&'static str, String)] {
    match members {
        [without @ .., (_, last)] if without.len() >= first && last == "0" => {
            known_since(first, without)
        }
        all => all,
    }
}

fn object_of(members: &[(&str, String)]) -> String {
    let mut object = Writer::default();
    for (name, json) in members {
        object.member(name, json);
    }
    object.ended()
}

struct Sealer<'a> {
    product: String,
    fingerprint: &'a str,
}

impl Sealer<'_> {
    fn seal(&self, name: &str, json: &str) -> String {
        let mut digest = Sha256::new();
        for part in ["licentia", &self.product, self.fingerprint, name, json] {
            // The length keeps two lists of parts from making one text.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let start = digest.first_chunk::<SEAL_SIZE>();
        Base64UrlUnpadded::encode_string(start.map_or(&digest, |start| start.as_slice()))
    }

    /// What never was has no seal: another version may know more parts.
    fn part<T: Told>(&self, object: &Object<'_>, seal: &'static str, value: T) -> Part<T> {
        let whole = match value.json() {
            Some(json) => object
                .text(seal)
                .is_ok_and(|text| text == self.seal(seal, &json)),
            None => !object.has(seal),
        };
        Part { value, whole }
    }
}

/// Writes a JSON object.
#[derive(Default)]
struct Writer(String);

impl Writer {
    fn member(&mut self, name: &str, json: &str) {
        let start = if self.0.is_empty() { "{" } else { "," };
        for part in [start, &quoted(name), ":", json] {
            self.0.push_str(part);
        }
    }

    fn part<T: Told>(&mut self, sealer: &Sealer<'_>, name: &str, seal: &str, part: &Part<T>) {
        let json = part.value.json();
        let sealed = match &json {
            Some(json) if part.whole => Some(sealer.seal(seal, json)),
            Some(_) => Some(String::new()),
            None => (!part.whole).then(String::new),
        };
        self.member(name, json.as_deref().unwrap_or("null"));
        if let Some(sealed) = sealed {
            self.member(seal, &quoted(&sealed));
        }
    }

    fn ended(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
