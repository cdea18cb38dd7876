//! Shapes that no `core::wire` has: documents of the edge, which the API writes by hand.

use licentia_core::{Jwk, ProductId};
use schemars::JsonSchema;
use serde_json::{Map, Value};

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(JsonSchema)]
        #[schemars(rename_all = "camelCase")]
        #[expect(dead_code, reason = "what describes an answer is never filled in")]
        pub(crate) struct $name { $($(#[$field_doc])* $field: $type,)* }
    )*};
}

shapes! {
    /// How the server is.
    Status {
        /// `ok`.
        status: String,
    }

    /// The published copy of a license: what lies in KV.
    PublishedLicense {
        /// A JWS whose payload says what is true of the license; the account's statement key signs it.
        statement: String,
        /// The license's own stored fields, without what is counted.
        license: Map<String, Value>,
    }

    /// What a client verifies with.
    ProductKeys {
        /// Whose keys they are.
        product_id: ProductId,
        /// These verify tokens.
        keys: Vec<Jwk>,
        /// These verify statements, never tokens.
        statement_keys: Vec<Jwk>,
    }

    /// What an application is built with: `product.dat`.
    ProductFile {
        /// Whose keys they are.
        product_id: ProductId,
        /// Where the server is.
        host: String,
        /// These verify tokens.
        keys: Vec<Jwk>,
        /// These verify statements, never tokens.
        statement_keys: Vec<Jwk>,
    }

    /// What a page of published documents gave back.
    Rebuilt {
        /// How many products.
        products: u64,
        /// How many licenses.
        licenses: u64,
        /// How many licenses are known as deleted.
        deleted: u64,
        /// How many licenses have an owner who is not here: users are not published.
        without_owner: u64,
        /// Where the next page begins, if there is one.
        cursor: Option<String>,
    }

    /// What was protected anew.
    Rewrapped {
        /// How many signing keys.
        keys: u64,
        /// How many licenses are published again.
        licenses: u64,
        /// How many publications wait.
        pending: u64,
        /// Where the next step begins, if there is one.
        cursor: Option<String>,
    }
}
