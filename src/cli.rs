//! The command line.

use std::error::Error;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::{db, serve, telemetry};

/// Exit code of a wrong flag or setting.
const WRONG_SETTING: u8 = 2;

/// Fair on-call rotations: availability in, a recommended schedule out, calendars that follow.
#[derive(Parser, Debug)]
#[command(name = "fairshift", version)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the service (the default).
    Serve,
    /// Run the service with a demo team, made once, in a data folder of its own.
    Demo,
    /// Bring the database up to date and stop.
    Migrate,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    telemetry::init(&cli.settings);
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(cli)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fairshift: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(&cli.settings, false).await?,
        Command::Demo => serve::serve(&cli.settings, true).await?,
        Command::Migrate => db::connect(&cli.settings, false).await?.close().await,
    }
    Ok(())
}

/// Says in one line what is wrong with the flags or the environment. The value itself is left out: it
/// could be a database's password.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        error.exit();
    }
    let invalid = matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
    );
    let reason = if let (true, Some(arg)) = (invalid, error.get(ContextKind::InvalidArg)) {
        let arg = arg.to_string();
        let flag = arg.split_whitespace().next().unwrap_or(&arg);
        format!("{}: {}", with_twin(flag), why(error))
    } else {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        line.strip_prefix("error: ").unwrap_or(line).to_owned()
    };
    eprintln!("fairshift: {reason} (see --help)");
    ExitCode::from(WRONG_SETTING)
}

fn why(error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        return source.to_string();
    }
    match error.get(ContextKind::ValidValue) {
        Some(values) if !values.to_string().is_empty() => format!("must be one of {values}"),
        _ => "needs a value".to_owned(),
    }
}

/// A flag together with its environment variable.
fn with_twin(flag: &str) -> String {
    let command = <Cli as clap::CommandFactory>::command();
    let twin = command
        .get_arguments()
        .find(|arg| {
            arg.get_long()
                .is_some_and(|long| flag.strip_prefix("--") == Some(long))
        })
        .and_then(|arg| arg.get_env());
    match twin {
        Some(name) => format!("{flag} ({})", name.display()),
        None => flag.to_owned(),
    }
}
