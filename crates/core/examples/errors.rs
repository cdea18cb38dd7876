//! Prints `docs/errors.md` from the tables of this crate. `cargo xtask docs` writes it, `cargo xtask check` compares it.

use licentia_core::{ANSWERS, Answer, Code, Effect, Row, StatusCode};

const HEAD: &str = "# Errors

Made by `cargo xtask docs` from `crates/core`; do not edit.

Every answer that is no success has the body `{\"message\": \"…\", \"code\": \"…\"}`. The code is the contract; the message is for
people and may change. `X-Request-Id` names the request in the server's log.

A client (`licentia` in JavaScript) turns the answer to an activation or a sync into a status code, and keeps or erases
the activation that it has stored. It erases only on the codes that say so here: an error page of a proxy, an outage or a
wrong address locks nobody out.
";

fn main() {
    println!("{HEAD}");
    println!("## What the server answers\n");
    println!("| code | HTTP | the client's status code | stored activation | cause | remedy |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for code in Code::ALL {
        let (name, http) = (code.as_str(), code.http_status());
        let (status, effect) = understood(http, &body(name));
        let (cause, remedy) = (code.cause(), code.remedy());
        println!("| `{name}` | {http} | {status} | {effect} | {cause} | {remedy} |");
    }

    println!("\n## What the client understands besides\n");
    println!("Codes of the compatible API that this server does not send, and any other answer.\n");
    println!("| code | HTTP | the client's status code | stored activation |");
    println!("| --- | --- | --- | --- |");
    for row in ANSWERS.iter().filter(|row| !sent(row)) {
        let (status, effect) = understood(row.http_status, &body(row.code));
        println!(
            "| `{}` | {} | {status} | {effect} |",
            row.code, row.http_status
        );
    }
    for (what, http, body) in [
        ("another code", 400, body("")),
        ("a body that is not ours", 400, "<html>".to_owned()),
        ("any", 429, body("")),
        ("any", 500, body("")),
    ] {
        let (status, effect) = understood(http, &body);
        println!("| {what} | {http} | {status} | {effect} |");
    }

    println!("\n## Status codes\n");
    println!("| number | name | what an application may tell its user |");
    println!("| --- | --- | --- |");
    for status in StatusCode::ALL {
        println!(
            "| {} | `{}` | {} |",
            status.number(),
            status.name(),
            status.meaning()
        );
    }
}

fn sent(row: &Row) -> bool {
    Code::ALL
        .iter()
        .any(|code| code.as_str() == row.code && code.http_status() == row.http_status)
}

fn body(code: &str) -> String {
    format!("{{\"message\": \"\", \"code\": \"{code}\"}}")
}

/// Asks the client's own rule what the answer means.
fn understood(http_status: u16, body: &str) -> (String, &'static str) {
    match Answer::to_activation(http_status, body) {
        Answer::Refused(status, effect) => (
            format!("{} `{}`", status.number(), status.name()),
            effect.as_str(),
        ),
        Answer::Token(_) | Answer::Done => (String::new(), Effect::Replace.as_str()),
    }
}
