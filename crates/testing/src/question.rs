//! Questions: a license, a machine and a state go in; an answer, or what is to be signed for one, comes out.

use licentia_core::wire::{ActivationRequest, LicenseInput, Merging, ProductInput, UserInput};
use licentia_core::{
    Activation, ActivationId, Algorithm, Change, Claims, Command, Draw, License, LicenseKey,
    Origin, Place, Problem, Product, Reach, Seconds, Seed, Terms, Timestamp, User, signing_input,
};
use serde::{Deserialize, Serialize};

use crate::state;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// What the license or the machine is to be like: one of `state::ALL`, or a code of `docs/errors.md`.
    pub state: String,
    /// When it is answered, in seconds since 1970.
    pub now: i64,
    /// How the product's key signs, and its name.
    pub algorithm: Algorithm,
    /// The key's name.
    pub kid: String,
    /// The product, as a request creates one.
    pub product: ProductInput,
    /// The license, as a request creates one: its key and product are those of `request`.
    pub license: LicenseInput,
    /// The license's owner, if it has one.
    pub owner: Option<UserInput>,
    /// The activation's id.
    pub activation_id: ActivationId,
    /// Whether that activation is there, and `request` syncs it.
    pub syncs: bool,
    /// What the application sends.
    pub request: ActivationRequest,
    /// What ids are drawn from.
    pub seed: [u8; 32],
}

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum Answer {
    /// An error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Refused,
    },
    /// A token, which is signed and put into the body as `activationToken`.
    #[serde(rename_all = "camelCase")]
    Token {
        /// The HTTP status.
        status: u16,
        /// What is to be signed: the token without its signature.
        signing_input: String,
    },
}

/// The body of an error.
#[derive(Debug, Serialize)]
pub struct Refused {
    message: String,
    code: &'static str,
}

/// A license that is asked about, with all that its answer depends on.
pub(crate) struct Case {
    pub(crate) license: License,
    pub(crate) device: licentia_core::Device,
    pub(crate) origin: Origin,
    /// When the answer was issued: some states come with time.
    pub(crate) issued: Timestamp,
}

/// Answers a question.
///
/// # Errors
/// Names the field that is wrong.
pub fn answer(question: &Question) -> Result<Answer, Problem> {
    if let Some(problem) = state::spoken(&question.state, question.syncs) {
        return Ok(refused(&problem));
    }
    let mut draw = Draw::new(Seed(question.seed));
    let now = Timestamp::from_unix_seconds(question.now);
    let product = question.product.create(&mut draw, now)?;
    let mut case = Case {
        license: license(question, &product, &mut draw, now)?,
        device: question.request.device()?,
        origin: Origin::default(),
        issued: now,
    };
    state::bring_about(&question.state, &mut case)?;
    let owner = question.owner.as_ref();
    let owner = owner
        .map(|owner| owner.create(&mut draw, now))
        .transpose()?;
    decided(question, case, &product, owner.as_ref())
}

fn license(
    question: &Question,
    product: &Product,
    draw: &mut Draw,
    now: Timestamp,
) -> Result<License, Problem> {
    let input = &question.license;
    let key = question.request.key.parse::<LicenseKey>();
    let key = key.map_err(|fault| Problem::field("key", fault))?;
    let mut asked = Change::new(key, input.new_terms(Terms::default()));
    input.lay_over_change(&mut asked, Merging::Whole, draw, now)?;
    asked.terms = asked.terms.checked(Seconds(1))?;
    let id = input.id.unwrap_or_else(|| draw.id());
    let place = Place { list: 0, index: 0 };
    let created_at = input.created_at.unwrap_or(now);
    let license = License::new(id, product.id, asked, place, created_at, now);
    Ok(License {
        revoked: input.revoked.unwrap_or(false),
        suspended: input.suspended.unwrap_or(false),
        expires_at: input.expires_at.unwrap_or(license.expires_at),
        activated_at: input.activated_at,
        ..license
    })
}

/// Lets the license decide, and says what comes of it.
fn decided(
    question: &Question,
    case: Case,
    product: &Product,
    owner: Option<&User>,
) -> Result<Answer, Problem> {
    let Case {
        mut license,
        device,
        origin,
        issued,
    } = case;
    let asked = question.request.asked_uses()?;
    let lease = question.request.lease_duration;
    let reach = Reach::Online(&origin);
    let known = state::activated(&license, &device, question, issued);
    let command = match &known {
        Some(activation) => Command::Sync {
            activation,
            device: &device,
            origin: &origin,
            asked: &asked,
        },
        None => Command::Activate {
            held: None,
            device: &device,
            reach,
            asked: &asked,
        },
    };
    let event = match license.decide(command, issued) {
        Ok(event) => event,
        Err(refusal) => return Ok(refused(&refusal.into())),
    };
    license.terms.check_asked_lease(lease)?;
    let status = if known.is_some() { 200 } else { 201 };
    let id = question.activation_id;
    let made = || Activation::new(id, &license, device.clone(), lease, reach, issued);
    let mut activation = known.clone().unwrap_or_else(made);
    if known.is_some() {
        activation.renew(&license, device.clone(), lease, reach, issued);
    }
    if let Some(event) = &event {
        license.apply(event, issued);
        activation.apply(event);
    }
    let claims = Claims::issue(&license, product, &activation, owner, issued);
    let claims = serde_json::to_vec(&claims).map_err(|fault| Problem::field("claims", fault))?;
    Ok(Answer::Token {
        status,
        signing_input: signing_input(question.algorithm, &question.kid, "JWT", &claims),
    })
}

fn refused(problem: &Problem) -> Answer {
    Answer::Refused {
        status: problem.code.http_status(),
        body: Refused {
            message: problem.message.clone(),
            code: problem.code.as_str(),
        },
    }
}
