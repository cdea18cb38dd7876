//! Status lists: read in two steps, since JavaScript inflates what is in them.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::session::{Session, seconds};

#[wasm_bindgen]
impl Session {
    /// Returns where to fetch a list that may say something here, unless one was read lately.
    #[wasm_bindgen(js_name = listAddress)]
    #[must_use]
    pub fn list_address(&self, now: f64) -> Option<String> {
        let is_due = self
            .list
            .as_ref()
            .is_none_or(|(_, until)| *until <= seconds(now));
        let address = self.client.list_address(&self.stored).filter(|_| is_due)?;
        Some(address.to_owned())
    }

    /// Reads a list. Returns its compressed statuses; if it says nothing here, the text is why.
    pub fn list(&mut self, text: &str, now: f64) -> Option<Vec<u8>> {
        match self.client.read_list(&self.stored, text) {
            Ok(list) => {
                let compressed = list.status_list.compressed()?;
                let until = seconds(now).saturating_add(list.ttl);
                self.list = Some((list, until));
                Some(compressed)
            }
            Err(why) => {
                self.text = Some(why.to_owned());
                None
            }
        }
    }

    /// Decides what the list does that was read, by its statuses.
    pub fn listed(&mut self, statuses: Vec<u8>) -> u32 {
        let decision = match &self.list {
            Some((list, _)) => self.client.listed(&self.stored, list, statuses),
            None => return 0,
        };
        self.heard(decision)
    }
}
