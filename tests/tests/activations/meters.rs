//! Machines that count at random, against a model: no limit is passed, and nothing is counted twice or lost.

use std::collections::BTreeMap;

use licentia_core::{Draw, Seed};
use serde_json::{Value as Json, json};

use crate::server::{Server, body, text};

/// What a meter should have counted, said as simply as it can be.
#[derive(Default)]
struct Model {
    uses: BTreeMap<usize, i64>,
    /// Uses of activations that ended, where the meter keeps them.
    kept: i64,
    gross: i64,
}

impl Model {
    fn total(&self) -> i64 {
        self.kept + self.uses.values().sum::<i64>()
    }

    /// Returns whether the change is within the limit; it is made only then.
    fn change(&mut self, machine: usize, to: i64, limit: i64) -> bool {
        let before = self.uses.get(&machine).copied().unwrap_or(0);
        let delta = to.max(0) - before;
        if delta > 0 && self.total() + delta > limit {
            return false;
        }
        self.uses.insert(machine, to.max(0));
        self.gross += delta.max(0);
        true
    }

    /// A reset begins a new count; what there ever was stays.
    fn reset(&mut self) {
        self.uses.clear();
        self.kept = 0;
    }

    fn end(&mut self, machine: usize, floating: bool) {
        let uses = self.uses.remove(&machine).unwrap_or(0);
        self.kept += if floating { 0 } else { uses };
    }
}

const MACHINES: u32 = 4;
const LIMITS: [i64; 2] = [30, 60];

/// A license with a floating meter and a persistent one, the activations that its machines hold, and what should be counted.
struct Play {
    server: Server,
    license: Json,
    held: BTreeMap<usize, String>,
    models: [Model; 2],
}

impl Play {
    fn new() -> Self {
        let mut server = Server::new();
        let license = server.license(&json!({
            "allowedActivations": MACHINES, "allowedDeactivations": -1,
            "meterAttributes": [
                { "name": "floating", "allowedUses": LIMITS[0], "floating": true },
                { "name": "persistent", "allowedUses": LIMITS[1] },
            ],
        }));
        Self {
            server,
            license,
            held: BTreeMap::new(),
            models: Default::default(),
        }
    }

    fn meter_id(&self, meter: usize) -> String {
        text(&self.license["meterAttributes"][meter]["id"])
    }

    /// What a machine sends that asks for uses: `usesIncrement` or `uses`.
    fn asking(&self, machine: usize, meter: usize, how: &str, amount: i64) -> Json {
        let name = &self.license["meterAttributes"][meter]["name"];
        let mut sent = self
            .server
            .machine(&self.license, &format!("machine-{machine}"));
        sent["meterAttributes"] = json!([{ "name": name, how: amount }]);
        sent
    }

    fn changed_by(&mut self, machine: usize, meter: usize, amount: i64) -> bool {
        let uses = self.models[meter].uses.get(&machine).copied().unwrap_or(0);
        self.models[meter].change(machine, uses + amount, LIMITS[meter])
    }

    fn activate(&mut self, machine: usize, meter: usize, amount: i64) -> bool {
        let sent = self.asking(machine, meter, "usesIncrement", amount);
        let id = self.server.activate(&self.license, &sent);
        let allowed = self.changed_by(machine, meter, amount);
        assert_eq!(id.is_some(), allowed);
        self.held.extend(id.map(|id| (machine, id)));
        allowed
    }

    fn sync(&mut self, machine: usize, meter: usize, to: i64) -> bool {
        let sent = self.asking(machine, meter, "uses", to);
        let path = format!("/v3/activations/{}", self.held[&machine]);
        let answer = self.server.send("PATCH", &path, &sent, None);
        let allowed = self.models[meter].change(machine, to, LIMITS[meter]);
        assert_eq!(answer.status == 200, allowed, "{}", answer.body);
        allowed
    }

    fn increment(&mut self, machine: usize, meter: usize, amount: i64) -> bool {
        let path = format!("/v3/activations/meter-attributes/{}", self.meter_id(meter));
        let sent = json!({ "increment": amount, "activationId": self.held[&machine] });
        let answer = self.server.send("POST", &path, &sent, None);
        let allowed = self.changed_by(machine, meter, amount);
        assert_eq!(answer.status == 200, allowed, "{}", answer.body);
        if allowed {
            let (counted, model) = (body(&answer), &self.models[meter]);
            assert_eq!(counted["uses"], json!(model.uses[&machine]));
            assert_eq!(counted["licenseTotalUses"], json!(model.total()));
        }
        allowed
    }

    fn end(&mut self, machine: usize, by_client: bool) -> bool {
        let path = format!("/v3/activations/{}", self.held[&machine]);
        let answer = match by_client {
            true => self.server.send("DELETE", &path, &Json::Null, None),
            false => self.server.manage("DELETE", &path, &Json::Null),
        };
        assert_eq!(answer.status, 204);
        self.held.remove(&machine);
        self.models[0].end(machine, true);
        self.models[1].end(machine, false);
        true
    }

    fn reset(&mut self, meter: usize) {
        let path = format!(
            "/v3/licenses/meter-attributes/{}/reset",
            self.meter_id(meter)
        );
        body(&self.server.manage("POST", &path, &Json::Null));
        self.models[meter].reset();
    }

    fn check(&mut self) {
        let path = format!("/v3/licenses/{}", text(&self.license["id"]));
        let license = self.server.read(&path);
        for (meter, model) in self.models.iter().enumerate() {
            let counted = &license["meterAttributes"][meter];
            assert_eq!(counted["totalUses"], json!(model.total()));
            assert_eq!(counted["grossUses"], json!(model.gross));
            assert!(model.total() <= LIMITS[meter]);
        }
        assert_eq!(license["totalActivations"], json!(self.held.len()));
    }
}

/// Machines activate, count by increments and by syncs, give back, deactivate and are deleted; now and then a meter is reset.
#[test]
fn what_is_counted_agrees_with_a_model() {
    let (mut play, mut draw, mut refused) = (Play::new(), Draw::new(Seed([7; 32])), 0);
    for _ in 0..1_000 {
        let machine = usize::try_from(draw.below(MACHINES)).unwrap();
        let meter = usize::try_from(draw.below(2)).unwrap();
        let amount = i64::from(draw.below(24)) - 10;
        let allowed = match draw.below(8) {
            _ if !play.held.contains_key(&machine) => play.activate(machine, meter, amount),
            0 => play.end(machine, true),
            1 => play.end(machine, false),
            2 | 3 => play.sync(machine, meter, amount),
            _ => play.increment(machine, meter, amount),
        };
        refused += u32::from(!allowed);
        if draw.below(40) == 0 {
            play.reset(meter);
        }
        play.check();
    }
    assert!(refused > 20, "only {refused} requests met a limit");
}
