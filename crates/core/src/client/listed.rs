//! A status list that the client has fetched, or was handed: two bits of it are of the license that is activated here.
//!
//! They restrict like news do and extend nothing. A list tells no versions of licenses, so it is set in order by time: it speaks of
//! tokens that were issued before it was signed, and news of later outweigh a suspension in it. That its own time is over changes
//! nothing of what it has said by then.

use super::stored::{Listed, Part};
use super::{Client, Decision, Stored};
use crate::claims::StatusListPlace;
use crate::status_code::StatusCode;
use crate::status_list::{ListedStatus, StatusBits, StatusList};

impl Client {
    /// Returns where the list is served that has a place for the license which is activated here; none if no list is believed.
    #[must_use]
    pub fn list_address<'a>(&self, stored: &'a Stored) -> Option<&'a str> {
        let place = stored
            .place()
            .filter(|_| !self.keys.of_statements().is_empty());
        place.map(|place| place.uri.as_str())
    }

    /// Reads a list that may say something here.
    ///
    /// # Errors
    /// Says why it says nothing.
    pub fn read_list(&self, stored: &Stored, text: &str) -> Result<StatusList, &'static str> {
        let list = StatusList::verify(text.trim_ascii(), &self.keys.of_statements());
        let list = list.map_err(|_fault| "no statement key that is known here has signed it")?;
        match stored.place() {
            None => Err("nothing that is activated here has a place in a list"),
            Some(place) if place.uri != list.sub => Err("it is of other licenses"),
            Some(_) if stored.has_seen(&list) => Err("a later one was read before"),
            Some(_) => Ok(list),
        }
    }

    /// Decides what a list does whose statuses were inflated: `E_REVOKED` or `SUSPENDED` if it says so, else `OK`.
    #[must_use]
    pub fn listed(&self, stored: &Stored, list: &StatusList, statuses: Vec<u8>) -> Decision {
        let bits = StatusBits::from_bytes(list.status_list.bits, statuses);
        let said = match (bits, stored.place()) {
            (Some(bits), Some(place)) if place.uri == list.sub => place.status_in(&bits),
            _ => None,
        };
        let (Some(said), Some(token)) = (said, stored.token()) else {
            return Decision::of(StatusCode::OK);
        };
        let is_after = list.iat > token.facts().iat;
        let noted = stored.listed_by(list, said == ListedStatus::Suspended);
        let noted = noted.not_before(list.iat).unwrap_or(noted);
        match said {
            ListedStatus::Revoked if is_after => {
                let ended = noted.ended(StatusCode::E_REVOKED).by(list.iat);
                Decision::of(StatusCode::E_REVOKED).storing(ended)
            }
            ListedStatus::Suspended if noted.said_of(token).suspended => {
                Decision::of(StatusCode::SUSPENDED).storing(noted)
            }
            _ => Decision::of(StatusCode::OK).storing(noted),
        }
    }
}

impl StatusListPlace {
    fn status_in(&self, bits: &StatusBits) -> Option<ListedStatus> {
        bits.status(usize::try_from(self.idx).ok()?)
    }
}

impl Stored {
    fn place(&self) -> Option<&StatusListPlace> {
        self.token()?.facts().place.as_ref()
    }

    /// Whether a later list was read before for the license that is activated here.
    fn has_seen(&self, list: &StatusList) -> bool {
        let lid = self.token().map(|token| token.facts().lid.as_str());
        let listed = self.listed.value.as_ref().filter(|_| self.listed.whole);
        listed.is_some_and(|listed| Some(listed.lid.as_str()) == lid && listed.ver > list.ver)
    }

    fn listed_by(&self, list: &StatusList, suspended: bool) -> Self {
        let listed = self.token().map(|token| Listed {
            lid: token.facts().lid.clone(),
            ver: list.ver,
            iat: list.iat,
            suspended,
        });
        Self {
            listed: Part::new(listed),
            ..self.clone()
        }
    }
}
