//! A session: the server, the output and the time of one command, with the look-ups that several commands need.

use std::io::{self, BufRead, IsTerminal, Write};
use std::rc::Rc;

use licentia_core::{LicenseId, ProductId, Timestamp};

use crate::api;
use crate::client::Client;
use crate::document::Document;
use crate::fault::Fault;
use crate::output::{Notes, Output, clean};

/// Whether a question was answered on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    Given,
    Ask,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) output: Output,
    pub(crate) notes: Rc<Notes>,
    pub(crate) now: Timestamp,
}

/// More products than anybody sells; a name is looked for among them.
const ALL_PRODUCTS: usize = 10_000;

impl Session {
    /// Finds a license by its id or its whole key.
    pub(crate) fn license(&self, text: &str) -> Result<Document, Fault> {
        if text.parse::<LicenseId>().is_ok() {
            // Keys that were made elsewhere may look like ids.
            match self.client.document(&api::license(text)) {
                Err(fault) if fault.is_not_found() => {}
                answer => return answer,
            }
        }
        let call = api::licenses().with("key", text);
        let found = self.client.list(&call, 1)?.items.into_iter().next();
        found.ok_or_else(|| Fault::NotFound(format!("no license has the id or key `{text}`")))
    }

    /// Finds the id of a license by its id or its whole key.
    pub(crate) fn license_id(&self, text: &str) -> Result<String, Fault> {
        id_of(&self.license(text)?)
    }

    /// Finds a product by its id or its name, in any case.
    pub(crate) fn product(&self, text: &str) -> Result<Document, Fault> {
        if text.parse::<ProductId>().is_ok() {
            return self.client.document(&api::product(text));
        }
        let products = self.client.list(&api::products(), ALL_PRODUCTS)?.items;
        let mut named = products.into_iter().filter(|product| {
            let names = [
                product.fields().text("name"),
                product.fields().text("displayName"),
            ];
            let text = text.to_lowercase();
            names
                .into_iter()
                .flatten()
                .any(|name| name.to_lowercase() == text)
        });
        match (named.next(), named.next()) {
            (Some(product), None) => Ok(product),
            (Some(_), Some(_)) => Err(Fault::Usage(format!(
                "more than one product is called `{text}`: name its id"
            ))),
            (None, _) => Err(Fault::NotFound(format!(
                "no product has the id or name `{text}`"
            ))),
        }
    }

    /// Finds the id of a product; an id is taken as it is.
    pub(crate) fn product_id(&self, text: &str) -> Result<String, Fault> {
        match text.parse::<ProductId>() {
            Ok(id) => Ok(id.to_string()),
            Err(_) => id_of(&self.product(text)?),
        }
    }

    /// Returns the name of a product with its id; the id alone if the token may not read the product.
    pub(crate) fn product_name(&self, id: &str) -> String {
        let product = self.client.document(&api::product(id)).ok();
        let name = product
            .as_ref()
            .and_then(|product| product.fields().text("name"));
        name.map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
    }

    /// Finds the id of the user that has an e-mail address.
    pub(crate) fn user_id(&self, email: &str) -> Result<String, Fault> {
        let found = self.client.list(&api::users_by_email(email), 1)?.items;
        match found.first() {
            Some(user) => id_of(user),
            None => Err(Fault::NotFound(format!(
                "no user has the e-mail address `{email}`"
            ))),
        }
    }

    /// Asks whether to do what cannot be undone.
    pub(crate) fn confirm(&self, consent: Consent, question: &str) -> Result<(), Fault> {
        if consent == Consent::Given {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Fault::Usage(format!(
                "this asks before it acts, and nobody can answer: pass `--yes` ({question})"
            )));
        }
        let mut terminal = anstream::stderr();
        let asked = write!(terminal, "{} [y/N] ", clean(question)).and_then(|()| terminal.flush());
        asked.map_err(Fault::Output)?;
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.map_err(Fault::Output)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Fault::Failed("nothing was done".to_owned())),
        }
    }
}

impl Consent {
    pub(crate) fn from_flag(yes: bool) -> Self {
        if yes { Self::Given } else { Self::Ask }
    }
}

/// Returns the id of a document.
pub(crate) fn id_of(document: &Document) -> Result<String, Fault> {
    let id = document.fields().text("id");
    id.map(str::to_owned).ok_or_else(|| {
        Fault::Foreign("the answer has no `id`: check that `--url` names a Licentia server".into())
    })
}
