//! A native host: the API over SQLite in memory, with real keys and a map for KV.
//!
//! SQLite has the limits and the number binding of a Durable Object's, so that what runs here runs there.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use licentia_api::outbox::{self, Destination, Landed, Publication, Room};
use licentia_api::published::{self, Found, Question, Told};
use licentia_api::{
    Actor, Advance, Body, Database, DatabaseError, Given, Handled, KeyPair, Listed, Operation,
    Outcome, PageMemory, Place, Publishes, Reply, Request, Route, Row, Settings, Unsigned, Value,
    Vault, advance, handle, identify, migrate, note_failed, route, write_facts,
};
use licentia_core::{Algorithm, Draw, Origin, RequestId, Seconds, Seed, Timestamp, join_signature};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;

use crate::http::now;
use crate::run::{Answer, Call, Host};

const HOST: &str = "http://native.example";
const ROOT_TOKEN: &str = "lct_root_of_the_native_host";
/// The gate at which everybody waits.
const GATE: u32 = 7;
const MASTER_KEYS: &str = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The API over SQLite in memory.
pub struct NativeHost {
    database: Sqlite,
    vault: Vault,
    /// Its settings.
    pub settings: Settings,
    random: SystemRandom,
    pages: PageMemory,
    /// What KV holds.
    pub kv: BTreeMap<String, String>,
    /// Whether puts into KV fail.
    pub kv_fails: bool,
    /// What gates were told, and by number.
    pub told: Vec<(u32, String)>,
    /// Of which activations gates were told that they are gone.
    pub ended: Vec<String>,
    /// What comes of telling a gate.
    pub gates_hear: Landed,
    /// How many calls reached the ledger.
    pub ledger_calls: Cell<usize>,
    /// How far ahead the clock is.
    pub ahead: Seconds,
    /// The time, if the clock stands still.
    pub stopped_at: Option<Timestamp>,
    /// Where the next requests come from.
    pub origin: Origin,
}

/// SQLite with a Durable Object's limits.
pub struct Sqlite {
    connection: rusqlite::Connection,
    /// Every statement that ran.
    pub ran: RefCell<BTreeSet<String>>,
}

impl Sqlite {
    fn open() -> Self {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .pragma_update(None, "foreign_keys", true)
            .unwrap();
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
            (Limit::SQLITE_LIMIT_COLUMN, 100),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
            (Limit::SQLITE_LIMIT_LENGTH, 2_000_000),
        ] {
            connection.set_limit(limit, value).unwrap();
        }
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true)
            .unwrap();
        connection.set_prepared_statement_cache_capacity(256);
        Self {
            connection,
            ran: RefCell::default(),
        }
    }

    /// Returns how many rows were written since it was opened, those that triggers write among them.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.connection.total_changes()
    }

    /// Returns the steps in which a statement would run, its triggers and foreign keys included.
    #[must_use]
    pub fn plan(&self, sql: &str) -> Plan {
        let mut statement = self
            .connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let nothing = vec![rusqlite::types::Value::Null; statement.parameter_count()];
        let steps = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3));
        let steps: Result<Vec<Option<String>>, _> = steps.unwrap().collect();
        Plan(steps.unwrap().into_iter().flatten().collect())
    }

    fn begin(&self) {
        self.connection.execute_batch("BEGIN").unwrap();
    }

    fn end(&self, commit: bool) {
        self.connection
            .execute_batch(if commit { "COMMIT" } else { "ROLLBACK" })
            .unwrap();
    }
}

/// The steps in which a statement would run.
#[derive(Debug)]
pub struct Plan(Vec<String>);

impl Plan {
    /// Returns the step that would read a table or an index from one end to the other, or sort what it read.
    #[must_use]
    pub fn reads_to_the_end(&self) -> Option<&str> {
        let sorts = |step: &str| step.contains("TEMP B-TREE FOR ORDER BY");
        let mut steps = self.0.iter().map(String::as_str);
        steps.find(|step| scans(step) || sorts(step))
    }
}

/// `SCAN` is also said of what FTS5 finds (by `MATCH` or by number, for its index 0), of the values of a JSON text, and of
/// what was selected within.
fn scans(step: &str) -> bool {
    let looked_up = ["INDEX 0:M", "INDEX 0:=", "INDEX 1:"];
    let seeks = looked_up
        .iter()
        .any(|index| step.contains(&format!("VIRTUAL TABLE {index}")))
        || step.contains("CONSTANT ROW")
        || step.starts_with("SCAN (");
    step.starts_with("SCAN") && !seeks
}

/// A Durable Object binds every number as a double.
fn bound(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => rusqlite::types::Value::Real(*number as f64),
        Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
    }
}

fn read(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Integer(number as i64),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Null => Value::Null,
        ValueRef::Blob(_) => panic!("no column holds a blob"),
    }
}

impl Database for Sqlite {
    fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        if !self.ran.borrow().contains(sql) {
            self.ran.borrow_mut().insert(sql.to_owned());
        }
        let refused = |fault: rusqlite::Error| DatabaseError::Statement(fault.to_string());
        let mut statement = self.connection.prepare_cached(sql).map_err(refused)?;
        let columns = statement.column_count();
        let rows = statement.query_map(rusqlite::params_from_iter(args.iter().map(bound)), |row| {
            (0..columns)
                .map(|column| row.get_ref(column).map(read))
                .collect()
        });
        rows.map_err(refused)?
            .collect::<Result<_, _>>()
            .map_err(refused)
    }

    fn execute(&self, sql: &str, args: &[Value]) -> Result<(), DatabaseError> {
        self.query(sql, args).map(|_rows| ())
    }
}

impl Default for NativeHost {
    fn default() -> Self {
        let database = Sqlite::open();
        database.begin();
        migrate(&database, now()).unwrap();
        database.end(true);
        Self {
            database,
            vault: vault(),
            settings: Settings {
                min_sync_interval: Seconds(1),
                publication_budget: None,
                status_list_interval: Seconds(60),
            },
            random: SystemRandom::new(),
            pages: PageMemory::default(),
            kv: BTreeMap::new(),
            kv_fails: false,
            told: Vec::new(),
            ended: Vec::new(),
            gates_hear: Landed::Unheard,
            ledger_calls: Cell::new(0),
            ahead: Seconds(0),
            stopped_at: None,
            origin: Origin::default(),
        }
    }
}

impl NativeHost {
    /// Returns the database, to look at.
    #[must_use]
    pub fn database(&self) -> &Sqlite {
        &self.database
    }

    /// Goes on with what is done in the background, as the alarm does, until there is nothing more or a fault.
    pub fn work(&mut self) {
        while self.advance() {}
    }

    fn advance(&mut self) -> bool {
        let (now, seed) = (self.now(), self.seed());
        let mut key_pairs = Vec::new();
        loop {
            let given = self.given(now, seed, &key_pairs);
            match self.advance_within(&given) {
                Advance::Nothing => return false,
                Advance::More => return true,
                // As the Worker does, it goes on later if the fault is ours.
                Advance::Failed(failed) => return failed.fault.is_none(),
                Advance::NeedsKeyPairs(algorithms) => {
                    key_pairs = algorithms.into_iter().map(key_pair).collect();
                }
            }
        }
    }

    fn advance_within(&self, given: &Given<'_>) -> Advance {
        self.database.begin();
        let advanced = advance(&self.database, given).unwrap();
        let done = matches!(advanced, Advance::Nothing | Advance::More);
        self.database.end(done);
        if let Advance::Failed(failed) = &advanced {
            self.database.begin();
            note_failed(&self.database, given, failed).unwrap();
            self.database.end(true);
        }
        advanced
    }

    /// Sends a request with the root token.
    pub fn call_as_root(&mut self, method: &str, target: &str, body: &str) -> Answer {
        let token = format!("Bearer {}", self.root_token());
        self.send(&Call {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("Authorization".to_owned(), token)],
            body: body.to_owned(),
        })
    }

    /// Puts everything that is due into KV, as the alarm does.
    pub fn publish_due(&mut self, now: Timestamp) {
        self.database.begin();
        let due = outbox::claim_due(
            &self.database,
            Room::of(100),
            now,
            &self.vault,
            &self.settings,
        )
        .unwrap();
        self.database.end(true);
        assert!(due.faults.is_empty(), "{:?}", due.faults);
        for publication in due.publications {
            self.put(&publication, now);
        }
    }

    fn put(&mut self, publication: &Publication, now: Timestamp) -> bool {
        let landed = match &publication.to {
            Destination::Gate { number, .. } => {
                self.told.push((*number, publication.value.clone()));
                self.gates_hear
            }
            Destination::GateOf(activation) => {
                self.ended.push(activation.to_string());
                self.gates_hear
            }
            Destination::Kv(_) if self.kv_fails => Landed::Unknown,
            Destination::Kv(keys) => {
                for key in keys {
                    self.kv.insert(key.clone(), publication.value.clone());
                }
                Landed::Yes
            }
        };
        self.database.begin();
        let published =
            outbox::settle(&self.database, publication, landed, now, &self.settings).unwrap();
        self.database.end(true);
        published
    }

    fn given<'a>(&'a self, now: Timestamp, seed: Seed, key_pairs: &'a [KeyPair]) -> Given<'a> {
        Given {
            now,
            seed,
            key_pairs,
            vault: &self.vault,
            settings: &self.settings,
            pages: &self.pages,
        }
    }

    fn seed(&self) -> Seed {
        let mut seed = [0; 32];
        self.random.fill(&mut seed).unwrap();
        Seed(seed)
    }

    fn call_ledger(&mut self, request: &Request<'_>, now: Timestamp) -> Outcome {
        self.ledger_calls.set(self.ledger_calls.get() + 1);
        let seed = self.seed();
        let mut key_pairs = Vec::new();
        loop {
            let given = self.given(now, seed, &key_pairs);
            self.database.begin();
            let handled = handle(&self.database, request, &given);
            match handled {
                Handled::Done(outcome) => {
                    self.database.end(outcome.commit);
                    self.database.begin();
                    write_facts(&self.database, &outcome.facts).unwrap();
                    self.database.end(true);
                    return *outcome;
                }
                Handled::NeedsKeyPairs(algorithms) => {
                    self.database.end(false);
                    key_pairs = algorithms.into_iter().map(key_pair).collect();
                }
            }
        }
    }

    /// Returns a list that KV holds.
    fn listed(&self, number: u32) -> Option<Listed> {
        let text = self.kv.get(&Listed::name(number))?.clone();
        Some(Listed::read(number, text, &self.vault).unwrap())
    }

    /// Answers with what KV holds, unless the ledger knows better.
    fn told(&self, found: Found<'_>, now: Timestamp) -> Option<Reply> {
        let copy = match found {
            Found::Reply(reply) => return Some(*reply),
            Found::License(copy) => copy,
        };
        let list = copy.list().and_then(|number| self.listed(number));
        match copy.told(list.as_ref(), now) {
            Told::Surely(reply) => Some(reply),
            Told::Outdated(_) => None,
        }
    }

    /// Answers from KV, or not at all where the ledger is to be asked.
    fn answer_at_the_edge(
        &self,
        route: &Route,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Option<Reply> {
        let mut question = match Question::read(route, request.body) {
            Ok(question) => question,
            Err(reply) => return Some(*reply),
        };
        if question.is_for_the_ledger(request.query) {
            return None;
        }
        if let Some(name) = question.keys_name() {
            let keys = published::keys_of(self.kv.get(&name)?)?;
            match question.verify(&keys) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(reply) => return Some(*reply),
            }
        }
        let names = question.names(&self.vault);
        match names.iter().find_map(|name| self.kv.get(name)) {
            Some(value) => self.told(question.find(value, &self.vault).ok()?, now),
            None if question.may_go_to_the_ledger() => None,
            None => Some(question.missing()),
        }
    }

    fn answer(&mut self, call: &Call, request_id: RequestId) -> Answer {
        let now = self.now();
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let header = |name: &str| {
            let found = call
                .headers
                .iter()
                .find(|(header, _)| header.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let actor: Actor = identify(header("Authorization"), ROOT_TOKEN);
        let origin = self.origin.clone();
        let content_type = header("Content-Type").unwrap_or_default().to_owned();
        let request = Request {
            method: &call.method,
            path,
            query,
            content_type: &content_type,
            body: call.body.as_bytes(),
            actor,
            host: HOST,
            origin: &origin,
            request_id,
            idempotency_key: header("Idempotency-Key"),
            if_match: header("If-Match"),
            passphrase: header("Licentia-Passphrase"),
            slice: None,
            gate: None,
        };
        let found = match route(&call.method, path, query) {
            Ok(found) => found,
            Err(fault) => return self.respond(fault.reply(), None),
        };
        let access = found.endpoint().access;
        if let Err(problem) = access.admit(actor) {
            return self.respond(Reply::problem(&problem), None);
        }
        if found.endpoint().place == Place::Edge {
            if access.asks_the_ledger(actor) {
                let verdict = self.call_ledger(&request, now).reply;
                if verdict.status != 204 {
                    return self.respond(verdict, None);
                }
            }
            let reply = match found.operation() {
                Operation::ReadStatusList => {
                    let list = self.listed(found.number());
                    let list = list.filter(|list| !list.is_late(now));
                    list.map(|list| list.reply(now))
                }
                _ => self.answer_at_the_edge(&found, &request, now),
            };
            if let Some(reply) = reply {
                return self.respond(reply, None);
            }
        }
        if found.endpoint().place == Place::Gate {
            return self.answer_at_a_gate(&request, now);
        }
        let mut outcome = self.call_ledger(&request, now);
        assert_eq!(outcome.fault, None);
        while let Some(more) = outcome.reply.more.take() {
            let next = self.call_ledger(
                &Request {
                    slice: Some(&more),
                    ..request.clone()
                },
                now,
            );
            assert_eq!((next.reply.status, next.fault), (200, None));
            outcome.reply.more = next.reply.more;
            outcome.reply.body = joined(outcome.reply.body, next.reply.body);
        }
        let published = outcome
            .publications
            .iter()
            .all(|publication| self.put(publication, now));
        let answer = self.respond(
            outcome.reply,
            Some(published && !outcome.publications.is_empty()),
        );
        self.work();
        if !self.kv_fails {
            self.publish_due(now);
        }
        answer
    }

    /// Nobody waits here: who knows of the newest version is told so at once.
    fn answer_at_a_gate(&mut self, request: &Request<'_>, now: Timestamp) -> Answer {
        let request = Request {
            gate: Some(GATE),
            ..request.clone()
        };
        let outcome = self.call_ledger(&request, now);
        assert_eq!(outcome.fault, None);
        let known = outcome
            .reply
            .version
            .map(|version| format!("version={version}"));
        if known.is_some_and(|known| request.query.split('&').any(|pair| pair == known)) {
            return self.respond(Reply::empty(204), None);
        }
        self.respond(outcome.reply, None)
    }

    fn respond(&self, reply: Reply, published: Option<bool>) -> Answer {
        let mut headers = reply.headers;
        let tag = |version| ("ETag".to_owned(), format!("\"{version}\""));
        headers.extend(reply.version.map(tag));
        let said = match reply.publishes {
            Publishes::Nothing | Publishes::News => None,
            Publishes::Now { version, .. } if published == Some(true) => Some(version.to_string()),
            Publishes::Now { .. } | Publishes::Later => Some("pending".to_owned()),
            Publishes::Already(version) => Some(version.to_string()),
        };
        headers.extend(said.map(|said| ("Licentia-Published".to_owned(), said)));
        let body = match reply.body {
            Body::Empty => String::new(),
            Body::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
            Body::Token(unsigned) => {
                let document = Unsigned::document(unsigned.name, &self.sign(&unsigned));
                String::from_utf8(document).unwrap()
            }
        };
        Answer {
            status: reply.status,
            headers,
            body,
        }
    }

    fn sign(&self, unsigned: &Unsigned) -> String {
        let private = self
            .vault
            .unwrap(&unsigned.bound_to(), &unsigned.wrapped)
            .unwrap();
        let message = unsigned.signing_input.as_bytes();
        let signature = match unsigned.algorithm {
            Algorithm::EdDSA => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&private)
                .unwrap()
                .sign(message)
                .as_ref()
                .to_vec(),
            Algorithm::RS256 => {
                let pair = RsaKeyPair::from_pkcs8(&private).unwrap();
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                    .unwrap();
                signature
            }
        };
        join_signature(&unsigned.signing_input, &signature)
    }
}

impl Host for NativeHost {
    fn send(&mut self, call: &Call) -> Answer {
        let request_id = Draw::new(self.seed()).id();
        let mut answer = self.answer(call, request_id);
        answer
            .headers
            .push(("X-Request-Id".to_owned(), request_id.to_string()));
        answer
    }

    fn root_token(&self) -> String {
        ROOT_TOKEN.to_owned()
    }

    fn now(&self) -> Timestamp {
        self.stopped_at.unwrap_or_else(|| now().plus(self.ahead))
    }
}

fn joined(first: Body, second: Body) -> Body {
    match (first, second) {
        (Body::Bytes(first), Body::Bytes(second)) => Body::Bytes([first, second].concat()),
        (first, _) => first,
    }
}

/// Opens the native host's vault.
#[must_use]
pub fn vault() -> Vault {
    Vault::from_secrets(MASTER_KEYS).unwrap()
}

/// Makes a key pair: a fresh Ed25519 one, or the RSA pair of the test vectors, since generating one takes long natively.
fn key_pair(algorithm: Algorithm) -> KeyPair {
    match algorithm {
        Algorithm::RS256 => licentia_api::read_private_key(algorithm, RSA_KEY).unwrap(),
        Algorithm::EdDSA => {
            let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
                .unwrap()
                .as_ref()
                .to_vec();
            let public = Ed25519KeyPair::from_pkcs8(&private).unwrap();
            let prefix = [
                0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
            ];
            let public = [prefix.as_slice(), public.public_key().as_ref()].concat();
            KeyPair {
                algorithm,
                private,
                public,
            }
        }
    }
}

const RSA_KEY: &str = include_str!("../fixtures/rsa-2048.pem");
