//! Puts beside the pages what they load and git does not hold: the npm package, the API's document and its viewer.

use std::fs;

use anyhow::{Context, Result};

use crate::inputs::{Inputs, Stamp};
use crate::workspace::Workspace;
use crate::{npm_package, progress};

/// Where the document and its viewer are served; made here, ignored by git.
const SERVED: &str = "www/api-docs";

/// Each file, and where it is served under `SERVED`. The viewer's license and notices go where its code goes.
const FILES: [(&str, &str); 6] = [
    ("docs/openapi.json", "v3/swagger.json"),
    (
        "node_modules/swagger-ui-dist/swagger-ui-bundle.js",
        "swagger-ui-bundle.js",
    ),
    (
        "node_modules/swagger-ui-dist/swagger-ui.css",
        "swagger-ui.css",
    ),
    (
        "node_modules/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
        "swagger-ui-bundle.js.LICENSE.txt",
    ),
    ("node_modules/swagger-ui-dist/LICENSE", "LICENSE.txt"),
    ("node_modules/swagger-ui-dist/NOTICE", "NOTICE.txt"),
];

/// Makes `www` whole: `www/licentia` and `www/api-docs`, unless they are there and of these sources.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    npm_package::build(workspace)?;
    let served = workspace.path(SERVED);
    let stamp = Stamp::at(workspace.path("build/.api-docs-stamp")); // not among what is served
    let mut inputs = Inputs::default();
    for (file, place) in FILES {
        inputs = inputs.text(place).path(&workspace.path(file))?;
    }
    let digest = inputs.digest();
    if served.is_dir() && stamp.says(&digest) {
        return Ok(());
    }
    progress::step("placing the API's document and its viewer", || {
        let _ = fs::remove_dir_all(&served);
        FILES.iter().try_for_each(|(file, place)| {
            let place = served.join(place);
            if let Some(directory) = place.parent() {
                fs::create_dir_all(directory)?;
            }
            fs::copy(workspace.path(file), place)
                .with_context(|| format!("cannot copy `{file}`"))?;
            Ok(())
        })
    })?;
    stamp.set(&digest)
}
