//! `loss-guide`: what mdBook calls to fill the pages of the guide; it also draws the pictures of the documentation of Rust, and writes out the guide's C.
#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, io};

use clap::{Parser, Subcommand};
use loss_core::list;
use loss_guide::{loss_picture, pages, preprocess, programs, slug};

/// Prepares the guide. Without a command it is a preprocessor of mdBook: it reads a book from its input and writes it with all pages filled.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Tell mdBook that every renderer is supported
    Supports {
        /// The renderer
        renderer: String,
    },
    /// Draw the picture of every loss for the documentation of Rust
    Pictures {
        /// The folder of the pictures
        #[arg(default_value = "loss-core/pictures")]
        folder: PathBuf,
    },
    /// Write the C of the guide as programs, with what each has to print
    C {
        /// The folder of the programs
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loss-guide: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    match arguments.command {
        None => {
            let mut request = String::new();
            io::stdin().read_to_string(&mut request)?;
            io::stdout().write_all(preprocess(&request)?.as_bytes())?;
        }
        Some(Task::Supports { .. }) => {}
        Some(Task::Pictures { folder }) => {
            fs::create_dir_all(&folder)?;
            for facts in list::all() {
                fs::write(folder.join(format!("{}.svg", slug(facts))), loss_picture(facts)?)?;
            }
        }
        Some(Task::C { folder }) => {
            fs::create_dir_all(&folder)?;
            for program in programs(&pages()?)? {
                fs::write(folder.join(format!("{}.c", program.name)), program.code)?;
                if let Some(printed) = program.printed {
                    fs::write(folder.join(format!("{}.expected", program.name)), printed)?;
                }
            }
        }
    }
    Ok(())
}
