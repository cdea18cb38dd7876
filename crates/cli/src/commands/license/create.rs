//! `license create` and `license update`: the fields of a license.

use clap::Args;
use serde_json::{Value, json};

use super::change::{Target, changed};
use crate::api;
use crate::document::Draft;
use crate::fault::Fault;
use crate::session::Session;
use crate::values::{Duration, Field, Pair};

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The product: its id or name
    #[arg(long, short)]
    product: String,
    /// The template that says what is not said here (default: the product's)
    #[arg(long, value_name = "ID")]
    template: Option<String>,
    /// node-locked, hosted-floating or on-premise-floating
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// The calendar length of its term, in ISO 8601: P1Y, P3M
    #[arg(long, value_name = "INTERVAL", conflicts_with_all = ["validity", "perpetual"])]
    interval: Option<String>,
    /// The length of its term: 30d, 52w
    #[arg(long, value_name = "DURATION", conflicts_with = "perpetual")]
    validity: Option<Duration>,
    /// It never ends
    #[arg(long)]
    perpetual: bool,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    terms: Terms,
}

/// The fields that may be set whenever.
#[derive(Debug, Args)]
struct Terms {
    /// Its key (default when it is created: a new one)
    #[arg(long)]
    key: Option<String>,
    /// The e-mail address of the user that owns it
    #[arg(long, value_name = "EMAIL")]
    owner: Option<String>,
    /// How many machines may run it at a time; 0 is any number
    #[arg(long, value_name = "NUMBER")]
    seats: Option<u32>,
    /// What you want to remember of it
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// A tag; may be given again
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A metadata entry, which the vendor alone sees; may be given again
    #[arg(long, value_name = "KEY=VALUE")]
    metadata: Vec<Pair>,
    /// Any field of the API, with a value in JSON or a text: serverSyncInterval=3600; may be given again
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    fields: Vec<Field>,
}

impl Create {
    pub(super) fn run(self, session: &Session) -> Result<(), Fault> {
        let mut draft = Draft::default();
        draft.set("productId", Some(session.product_id(&self.product)?));
        draft.set("licenseTemplateId", self.template);
        draft.set("type", self.r#type);
        draft.set("subscriptionInterval", self.interval);
        draft.set("validity", self.validity.map(|validity| validity.0.0));
        draft.set("validity", self.perpetual.then_some(0));
        self.terms.fill(session, &mut draft)?;
        changed(session, &api::create_license(draft))
    }
}

impl Update {
    pub(super) fn run(self, session: &Session) -> Result<(), Fault> {
        let mut draft = Draft::default();
        self.terms.fill(session, &mut draft)?;
        if draft.is_empty() {
            return Err(Fault::Usage(
                "name at least one field to change, such as `--seats 5`".into(),
            ));
        }
        let id = self.target.id(session)?;
        changed(session, &api::update_license(&id, draft))
    }
}

impl Terms {
    fn fill(self, session: &Session, draft: &mut Draft) -> Result<(), Fault> {
        let owner = self
            .owner
            .map(|email| session.user_id(&email))
            .transpose()?;
        let metadata = self
            .metadata
            .into_iter()
            .map(|entry| json!({ "key": entry.key, "value": entry.value, "visible": false }));
        draft.set("key", self.key);
        draft.set("userId", owner);
        draft.set("allowedActivations", self.seats);
        draft.set("notes", self.notes);
        draft.set("tags", some(self.tags.into_iter().map(Value::from)));
        draft.set("metadata", some(metadata));
        for field in self.fields {
            draft.set(&field.name, Some(field.value));
        }
        Ok(())
    }
}

fn some(values: impl Iterator<Item = Value>) -> Option<Vec<Value>> {
    let values: Vec<Value> = values.collect();
    (!values.is_empty()).then_some(values)
}
