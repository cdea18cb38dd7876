//! Running a transcript against a host: send, compare, learn.

use licentia_core::{KeySet, OfflineRequest, Statement, StatusList, Timestamp, UnverifiedToken};
use serde_json::{Value, json};

use crate::contract;
use crate::pattern::{self, Known};
use crate::transcript::{self, Step};

/// A request on its way to a host.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What a host answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Something that answers the API.
pub trait Host {
    /// Sends a request and waits for its answer.
    fn send(&mut self, call: &Call) -> Answer;
    /// Returns the root token.
    fn root_token(&self) -> String;
    /// Returns the time.
    fn now(&self) -> Timestamp;
}

/// Runs every step of a transcript, in order.
///
/// # Errors
/// Says which step went wrong, and how.
pub fn run(text: &str, host: &mut dyn Host) -> Result<usize, String> {
    let steps = transcript::parse(text)?;
    let mut known = Known::new();
    known.insert("root".to_owned(), Value::String(host.root_token()));
    for step in &steps {
        run_step(step, host, &mut known)
            .map_err(|fault| format!("line {}, {}: {fault}", step.line, step.title))?;
    }
    Ok(steps.len())
}

fn run_step(step: &Step, host: &mut dyn Host, known: &mut Known) -> Result<(), String> {
    let now = host.now();
    let filled = |text: &str| pattern::fill(text, known, now);
    let headers = step
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), filled(value)));
    let call = Call {
        method: step.method.clone(),
        target: filled(&step.target),
        headers: headers.collect(),
        body: repeated(&filled(&step.body)),
    };
    let (answer, described) = match call.method.as_str() {
        "VERIFY" => (verify(&call.target, known), Ok(())),
        "WRITE" => (write(&call, now), Ok(())),
        _ => {
            let answer = host.send(&call);
            let described = contract::check(&call, &answer);
            (answer, described)
        }
    };
    let compared = compare(step, &answer, known, now).and(described);
    compared.map_err(|fault| {
        let body: String = answer.body.chars().take(2_000).collect();
        format!("{fault}\n    answered {} {body}", answer.status)
    })
}

/// `{{repeat 3000 x}}` in a body stands for a long text.
fn repeated(body: &str) -> String {
    let Some((before, rest)) = body.split_once("{{repeat ") else {
        return body.to_owned();
    };
    let Some((count, rest)) = rest.split_once(' ') else {
        return body.to_owned();
    };
    let Some((text, after)) = rest.split_once("}}") else {
        return body.to_owned();
    };
    format!("{before}{}{after}", text.repeat(count.parse().unwrap_or(0)))
}

fn compare(step: &Step, answer: &Answer, known: &mut Known, now: Timestamp) -> Result<(), String> {
    if answer.status != step.status {
        return Err(format!(
            "the status is {}, not {}",
            answer.status, step.status
        ));
    }
    for (name, expected) in &step.expected_headers {
        let actual = answer
            .headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value);
        let actual = actual.ok_or_else(|| format!("the header {name} is missing"))?;
        let pattern = Value::String(pattern::fill(expected, known, now));
        pattern::matches(&pattern, &Value::String(actual.clone()), name, known)?;
    }
    if step.expected_body.is_empty() {
        return Ok(());
    }
    let expected = pattern::fill(&step.expected_body, known, now);
    if !is_json(answer) && expected.starts_with("{{learn ") {
        let (pattern, text) = (expected.trim().to_owned(), answer.body.clone());
        return pattern::matches(&pattern.into(), &text.into(), "body", known);
    }
    if !is_json(answer) {
        return pattern::matches_text(&expected, &answer.body);
    }
    let pattern: Value = serde_json::from_str(&expected)
        .map_err(|fault| format!("the expected body is no JSON: {fault}"))?;
    let actual: Value = serde_json::from_str(&answer.body)
        .map_err(|fault| format!("the body is no JSON: {fault}"))?;
    pattern::matches(&pattern, &actual, "body", known)
}

/// What says nothing of its type is JSON: the native host leaves that header to others.
fn is_json(answer: &Answer) -> bool {
    let mut headers = answer.headers.iter();
    let content_type = headers.find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    content_type.is_none_or(|(_, value)| value.starts_with("application/json"))
}

/// `WRITE activation` answers with the offline request that asks for the activation in its body; `WRITE deactivation` with the
/// proof that holds the token in its body. A failure is answered with 400.
fn write(call: &Call, now: Timestamp) -> Answer {
    let made_at = now.unix_seconds();
    let body = call.body.clone();
    let request = match call.target.as_str() {
        "activation" => OfflineRequest::Activation { made_at, body },
        _ => OfflineRequest::Deactivation {
            made_at,
            token: body,
        },
    };
    let (status, body) = match request.to_text() {
        Ok(text) => (200, json!({ "offlineRequest": text })),
        Err(fault) => (400, json!({ "message": fault.to_string() })),
    };
    Answer {
        status,
        headers: Vec::new(),
        body: body.to_string(),
    }
}

/// `VERIFY token publicKey` answers the claims of a token; `VERIFY statement statementKeys` those of a statement or
/// a status list.
/// The second word names what was learnt; a failure is answered with 400.
fn verify(target: &str, known: &Known) -> Answer {
    let (token, name) = target.split_once(' ').unwrap_or((target, ""));
    let claims = match known.get(name.trim()) {
        Some(Value::String(pem)) => KeySet::parse(pem)
            .map_err(|fault| fault.to_string())
            .and_then(|keys| {
                let verified = UnverifiedToken::parse(token).and_then(|token| token.verify(&keys));
                verified
                    .map(|token| token.claims_json().to_owned())
                    .map_err(|fault| fault.to_string())
            }),
        Some(keys) => KeySet::parse(&json!({ "keys": keys }).to_string())
            .map_err(|fault| fault.to_string())
            .and_then(|keys| {
                let list = StatusList::verify(token, &keys).map(|list| json!(list));
                let signed = list.or_else(|_fault| {
                    Statement::verify(token, &keys).map(|statement| json!(statement))
                });
                signed.map_or_else(
                    |fault| Err(fault.to_string()),
                    |signed| Ok(signed.to_string()),
                )
            }),
        None => Err(format!("nothing is known of the key `{name}`")),
    };
    match claims {
        Ok(body) => Answer {
            status: 200,
            headers: Vec::new(),
            body,
        },
        Err(fault) => Answer {
            status: 400,
            headers: Vec::new(),
            body: json!({ "message": fault }).to_string(),
        },
    }
}
