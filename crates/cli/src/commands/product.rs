//! `licentia product`: the products.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};

use crate::api;
use crate::document::{Document, Draft};
use crate::fault::Fault;
use crate::output::{Cell, HEADING, Table, clean, moment, moment_and_distance, styled};
use crate::session::Session;
use crate::values::Field;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List products
    List(Products),
    /// Create a product with its signing key
    Create(Create),
    /// Show a product
    Show(Show),
}

#[derive(Debug, Args)]
pub(crate) struct Products {
    /// How many at most
    #[arg(long, short = 'n', value_name = "NUMBER", default_value = "100")]
    limit: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name
    name: String,
    /// The name that customers read (default: its name)
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// What it is
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What its tokens are signed with, RS256 or EdDSA (default: RS256)
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Option<String>,
    /// Any field of the API, with a value in JSON or a text; may be given again
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    fields: Vec<Field>,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The product's id or name
    product: String,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Fault> {
        match self {
            Self::List(products) => products.run(session),
            Self::Create(create) => create.run(session),
            Self::Show(show) => {
                let product = session.product(&show.product)?;
                print(session, &product)
            }
        }
    }
}

impl Products {
    fn run(&self, session: &Session) -> Result<(), Fault> {
        let list = session.client.list(&api::products(), self.limit.get())?;
        if session.output.is_for_a_script() {
            return session.output.array(&list.items);
        }
        if list.items.is_empty() {
            session
                .notes
                .say("There is no product yet: `licentia product create <NAME>` makes one.");
            return Ok(());
        }
        let mut table = Table::new(&["ID", "NAME", "LICENSES", "SIGNS WITH", "CREATED"], &[1]);
        for product in &list.items {
            let product = product.fields();
            table.add([
                product.plain("id").into(),
                product.plain("name").into(),
                Cell::maybe(
                    product
                        .number("totalLicenses")
                        .map(|count| count.to_string()),
                ),
                Cell::maybe(product.text("tokenAlgorithm")),
                Cell::maybe(product.date("createdAt").map(moment)),
            ]);
        }
        session.output.line(&table.to_string())?;
        list.say_what_is_left(&session.notes);
        Ok(())
    }
}

impl Create {
    fn run(self, session: &Session) -> Result<(), Fault> {
        let mut draft = Draft::default();
        let display_name = self.display_name.unwrap_or_else(|| self.name.clone());
        draft.set("displayName", Some(display_name));
        draft.set("name", Some(self.name));
        draft.set("description", self.description);
        draft.set("tokenAlgorithm", self.algorithm);
        for field in self.fields {
            draft.set(&field.name, Some(field.value));
        }
        let product = session.client.document(&api::create_product(draft))?;
        print(session, &product)
    }
}

fn print(session: &Session, product: &Document) -> Result<(), Fault> {
    session.output.document(product, |product| {
        let product = product.fields();
        let heading = format!("Product {}", clean(&product.plain("name")));
        let count = |name| Cell::maybe(product.number(name).map(|count| count.to_string()));
        let created = product.date("createdAt");
        let rows = [
            ("id", product.plain("id").into()),
            ("shown as", Cell::maybe(product.text("displayName"))),
            ("description", Cell::maybe(product.text("description"))),
            ("licenses", count("totalLicenses")),
            ("signs with", Cell::maybe(product.text("tokenAlgorithm"))),
            (
                "created",
                Cell::maybe(created.map(|at| moment_and_distance(at, session.now))),
            ),
        ];
        format!("{}\n{}", styled(HEADING, &heading), Table::record(rows))
    })
}
