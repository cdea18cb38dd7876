//! Machines without a connection: a proof is of the time at which it was made.

use licentia_core::{OfflineRequest, Seconds};
use licentia_tests::run::Host;
use serde_json::{Value as Json, json};

use crate::server::{Server, body, text};

impl Server {
    fn hand_in(&mut self, call: &str, license: &Json, request: &OfflineRequest) -> (u16, Json) {
        let path = format!("/v3/activations/offline-{call}");
        let sent =
            json!({ "licenseId": license["id"], "offlineRequest": request.to_text().unwrap() });
        let answer = self.manage("POST", &path, &sent);
        let document = serde_json::from_str(&answer.body).unwrap_or_default();
        (answer.status, document)
    }

    /// Activates a machine by a file, and returns the token that it then has.
    fn activate_offline(&mut self, license: &Json) -> String {
        let request = OfflineRequest::Activation {
            made_at: self.host.now().unix_seconds(),
            body: self.machine(license, "machine-1").to_string(),
        };
        let (status, answer) = self.hand_in("activate", license, &request);
        assert_eq!(status, 200, "{answer}");
        text(&answer["offlineResponse"])
    }

    fn proof(&self, token: &str, seconds_ago: i64) -> OfflineRequest {
        OfflineRequest::Deactivation {
            made_at: self.host.now().unix_seconds() - seconds_ago,
            token: token.to_owned(),
        }
    }
}

#[test]
fn a_proof_takes_nothing_from_a_machine_that_has_come_back() {
    let mut server = Server::new();
    let license = server.license(&json!({ "allowedDeactivations": 5 }));
    let token = server.activate_offline(&license);
    let before = server.proof(&token, 0);
    server.host.ahead = Seconds(3_600);
    server.activate_offline(&license);

    let (status, refused) = server.hand_in("deactivate", &license, &before);
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("INVALID_OFFLINE_REQUEST"))
    );
    let path = format!("/v3/licenses/{}", text(&license["id"]));
    assert_eq!(server.read(&path)["totalActivations"], 1);
}

#[test]
fn a_machine_that_did_not_use_its_last_response_may_give_up_with_the_one_before() {
    let mut server = Server::new();
    let license = server.license(&json!({ "allowedDeactivations": 5 }));
    let token = server.activate_offline(&license);
    server.host.ahead = Seconds(3_600);
    server.activate_offline(&license);

    server.host.ahead = Seconds(7_200);
    let proof = server.proof(&token, 60);
    assert_eq!(server.hand_in("deactivate", &license, &proof).0, 200);
    let path = format!("/v3/licenses/{}", text(&license["id"]));
    let left = server.read(&path);
    assert_eq!(
        (&left["totalActivations"], &left["totalDeactivations"]),
        (&json!(0), &json!(1))
    );
}

#[test]
fn a_proof_with_a_clock_that_is_behind_is_as_old_as_its_token() {
    let mut server = Server::new();
    let license = server.license(&json!({ "allowedDeactivations": 5 }));
    let token = server.activate_offline(&license);
    let proof = server.proof(&token, 86_400);
    assert_eq!(server.hand_in("deactivate", &license, &proof).0, 200);
}

#[test]
fn an_activation_that_was_online_is_renewed_by_a_file_and_keeps_its_place() {
    let mut server = Server::new();
    let license = server.license(&json!({}));
    let machine = server.machine(&license, "machine-1");
    let id = server.activate(&license, &machine).unwrap();
    server.activate_offline(&license);
    let path = format!("/v3/activations/{id}");
    let activation = server.read(&path);
    assert_eq!(activation["offline"], true);
    let exported = server.manage("GET", "/v3/export", &Json::Null).body;
    let mut lines = exported.lines().filter(|line| line.contains(&id));
    let line = lines.find(|line| line.contains("\"madeOffline\":false"));
    assert!(line.is_some(), "{exported}");
    body(&server.send("PATCH", &path, &machine, None));
    assert_eq!(server.read(&path)["offline"], false);
}
