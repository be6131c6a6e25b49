//! The command line.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand, ValueEnum};

use crate::clock::Clock;
use crate::config::{PublicUrl, Settings};
use crate::scheduler::Effort;
use crate::vocab::{Email, Line};
use crate::{db, people, serve, solve, telemetry};

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
    /// Read a scheduling problem from a JSON file and print its schedule as JSON.
    Solve {
        /// The problem, in the format fairshift-instance/1.
        file: PathBuf,
        /// How much work to spend on it.
        #[arg(long, value_enum, default_value = "standard")]
        effort: Work,
        /// Stop searching after this many seconds.
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        deadline: Option<Duration>,
    },
    /// Administrators of the service.
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Subcommand, Debug)]
enum Admin {
    /// Make an administrator and print the link where they choose their password.
    Create {
        /// Their e-mail address; whoever has it already becomes an administrator.
        #[arg(long)]
        email: Email,
        /// Their name.
        #[arg(long)]
        name: Line,
    },
}

/// How much work to spend on a problem.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Work {
    Quick,
    Standard,
    Thorough,
    Exhaustive,
}

impl From<Work> for Effort {
    fn from(work: Work) -> Self {
        match work {
            Work::Quick => Self::Quick,
            Work::Standard => Self::Standard,
            Work::Thorough => Self::Thorough,
            Work::Exhaustive => Self::Exhaustive,
        }
    }
}

fn seconds(value: &str) -> Result<Duration, &'static str> {
    value
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("must be a number of seconds, such as 5")
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
        Command::Migrate => db::connect_beside(&cli.settings).await?.close().await,
        Command::Solve {
            file,
            effort,
            deadline,
        } => println!("{}", solve::run(&file, effort.into(), deadline)?),
        Command::Admin(Admin::Create { email, name }) => {
            let database = db::connect_beside(&cli.settings).await?;
            let secret =
                people::invite_admin(&database.pool, &email, &name, &Clock::system()).await;
            database.close().await;
            let url = PublicUrl::of_listener(cli.settings.listen);
            let url = cli.settings.public_url.unwrap_or(url);
            println!(
                "{name} chooses a password here, within 48 hours:\n{url}/password/{}",
                secret?
            );
        }
    }
    Ok(())
}

/// Says in one line what is wrong with the flags or the environment. The value itself is left out: it
/// could be a database's password.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
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
    } else if let (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    {
        format!("needs {}", missing.join(" and "))
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
