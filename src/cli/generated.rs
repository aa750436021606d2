//! `reanchor completions` and `reanchor man`: made by clap's own generators from the whole command line.

use super::asked::command;
use anyhow::Context;
use clap::Args;
use clap_complete::Shell;
use std::io::{self, Write};
use std::path::PathBuf;

/// Arguments of `reanchor completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `reanchor man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Folder for one page a sub-command; without it the main page is printed.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "reanchor", &mut text);
    io::stdout().lock().write_all(&text)?;
    Ok(0)
}

/// Prints the main page, or writes all pages.
pub fn man(args: &ManArgs) -> anyhow::Result<u8> {
    match &args.out {
        None => clap_mangen::Man::new(command()).render(&mut io::stdout().lock())?,
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            clap_mangen::generate_to(command(), folder)
                .with_context(|| format!("the pages cannot be written to {}", folder.display()))?;
        }
    }
    Ok(0)
}
