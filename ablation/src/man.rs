//! Completions of shells, and manual pages.

use std::fs;

use clap::Command;

use crate::arguments::{CompletionsArguments, ManArguments};
use crate::arrays::ArrayError;
use crate::error::Error;
use crate::files::write_whole;
use crate::paths::shown;

const NAME: &str = "ablation";

pub(crate) fn completions(arguments: &CompletionsArguments, mut command: Command) -> Result<String, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, NAME, &mut script);
    Ok(String::from_utf8_lossy(&script).into_owned())
}

pub(crate) fn man(arguments: &ManArguments, mut command: Command) -> Result<String, Error> {
    command.build();
    // Once built, a command's display name is that of its page: ablation-score.
    let page = |command: &Command| -> Result<Vec<u8>, Error> {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).render(&mut page).map_err(Error::Output)?;
        Ok(page)
    };
    let name_of = |sub: &Command| format!("{NAME}-{}", sub.get_name());
    if let Some(folder) = &arguments.output {
        let failed = |error| Error::from(ArrayError::Io { array: shown(folder), action: "write", error });
        fs::create_dir_all(folder).map_err(failed)?;
        write_whole(&folder.join(format!("{NAME}.1")), "--output", &page(&command)?)?;
        for sub in command.get_subcommands() {
            write_whole(&folder.join(format!("{}.1", name_of(sub))), "--output", &page(sub)?)?;
        }
        return Ok(String::new());
    }
    let page = match &arguments.command {
        None => page(&command)?,
        Some(wanted) => match command.find_subcommand(wanted) {
            Some(sub) => page(sub)?,
            None => {
                let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
                return Err(Error::Usage(format!("there is no command {wanted:?}; accepted: {}", names.join(", "))));
            }
        },
    };
    Ok(String::from_utf8_lossy(&page).into_owned())
}
