//! A license template: the terms that a new license copies, and what it must bring. A later edit changes no license.

use crate::code::{Code, Problem};
use crate::id::TemplateId;
use crate::limits::{each, fits, name};
use crate::metadata::Metadata;
use crate::meter::Meter;
use crate::terms::Terms;
use crate::time::{Seconds, Timestamp};

const NAME_LIMIT: usize = 256;
const REQUIRED_LIMIT: usize = 50;

/// A license template: facts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with every change, as a license's does.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// What a license of it allows.
    pub terms: Terms,
    /// The form of the keys that are generated for its licenses; none is the standard form.
    pub key_pattern: Option<String>,
    /// Metadata that a license must bring.
    pub required_metadata_keys: Vec<String>,
    /// Meters that a license must bring.
    pub required_meter_attributes: Vec<String>,
}

impl Template {
    /// Checks its name and terms and puts those into their one form. The key pattern is checked by who generates keys.
    ///
    /// # Errors
    /// Names the field.
    pub fn checked(mut self, min_sync_interval: Seconds) -> Result<Self, Problem> {
        name("name", &self.name, NAME_LIMIT)?;
        self.terms = self.terms.checked(min_sync_interval)?;
        for (field, names) in [
            ("requiredMetadataKeys", &mut self.required_metadata_keys),
            (
                "requiredMeterAttributes",
                &mut self.required_meter_attributes,
            ),
        ] {
            each(field, names, REQUIRED_LIMIT, required)?;
        }
        Ok(self)
    }

    /// Refuses a new license that lacks what the template requires.
    ///
    /// # Errors
    /// Names what is missing.
    pub fn check_requirements(
        &self,
        metadata: &[Metadata],
        meters: &[Meter],
    ) -> Result<(), Problem> {
        let lacks_key = |key: &&String| !metadata.iter().any(|entry| entry.is_named(key));
        if let Some(key) = self.required_metadata_keys.iter().find(lacks_key) {
            let message = format!("the license template requires the metadata key `{key}`");
            return Err(Problem::new(Code::RequiredMetadataMissing, message));
        }
        let lacks_meter = |name: &&String| !meters.iter().any(|meter| meter.is_named(name));
        if let Some(name) = self.required_meter_attributes.iter().find(lacks_meter) {
            let message = format!("the license template requires the meter attribute `{name}`");
            return Err(Problem::new(Code::RequiredMeterAttributeMissing, message));
        }
        Ok(())
    }
}

fn required(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    fits(text, NAME_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draw, Seed};

    fn template() -> Template {
        let now = Timestamp::from_unix_seconds(0);
        Template {
            id: Draw::new(Seed([1; 32])).id(),
            created_at: now,
            updated_at: now,
            version: 0,
            name: "yearly".into(),
            terms: Terms::default(),
            key_pattern: None,
            required_metadata_keys: vec!["Order".into()],
            required_meter_attributes: Vec::new(),
        }
    }

    #[test]
    fn what_a_template_requires_is_named_when_it_lacks() {
        let refused = template().check_requirements(&[], &[]).unwrap_err();
        assert_eq!(refused.code, Code::RequiredMetadataMissing);
        assert!(refused.message.contains("`Order`"));
        let order = Metadata {
            id: Draw::new(Seed([2; 32])).id(),
            created_at: Timestamp::MIN,
            updated_at: Timestamp::MIN,
            key: "order".into(),
            value: "1".into(),
            view_permissions: Vec::new(),
        };
        assert!(template().check_requirements(&[order], &[]).is_ok());
    }

    #[test]
    fn a_template_needs_a_name() {
        let nameless = Template {
            name: " ".into(),
            ..template()
        };
        assert!(nameless.checked(Seconds(60)).is_err());
        assert!(template().checked(Seconds(60)).is_ok());
    }

    #[test]
    fn a_change_moves_the_version_on_and_what_is_so_already_does_not() {
        let now = Timestamp::from_unix_seconds(5);
        assert_eq!(template().revised(template(), now), None);
        let renamed = Template {
            name: "monthly".into(),
            ..template()
        };
        let revised = template().revised(renamed, now).unwrap();
        assert_eq!((revised.version, revised.updated_at), (5_000, now));
    }
}
