//! Running the service: start, stop, and nothing lost in between.

mod connections;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::app;
use crate::clock::Clock;
use crate::config::{PublicUrl, Settings};
use crate::db::{self, Database, DbError};
use crate::demo::{self, DemoError};
use crate::fetch::Fetcher;
use crate::jobs;
use crate::live::Live;
use crate::mail::Mailer;
use crate::people;
use crate::secret::SecretKey;
use crate::state::{AppState, Site};
use connections::PATIENCE;

/// How long requests under way may take once we were asked to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// Why the service does not run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is taken, or not ours.
    #[error("can't listen on {address} (--listen, FAIRSHIFT_LISTEN): {source}")]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is no database to work with.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Everybody knows the passwords in it.
    #[error(
        "this database holds a demo, whose passwords everybody knows: run `fairshift demo`, or choose another database"
    )]
    DemoData,
    /// The data folder holds no key and can't keep one.
    #[error("can't keep the secret key in {file}: {source} (or set FAIRSHIFT_SECRET_KEY)")]
    SecretKey {
        /// Where it would be.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// Mail can't be set up as the settings say.
    #[error("mail can't be sent (FAIRSHIFT_SMTP_URL, FAIRSHIFT_MAIL_FROM): {0}")]
    Mail(String),
    /// A query failed.
    #[error("the database fails: {0}")]
    Query(#[from] sqlx::Error),
    /// The demo team can't be made.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The server gave up.
    #[error("the server stopped: {0}")]
    Io(#[from] io::Error),
}

/// Serves and does jobs until the process is asked to stop (Ctrl-C or SIGTERM), then lets requests
/// and jobs under way finish, closes the connections and stops the private PostgreSQL.
///
/// # Errors
/// When the address can't be listened on or there is no database.
pub async fn serve(settings: &Settings, demo: bool) -> Result<(), ServeError> {
    // Taken up first, so that a signal during the start is not lost.
    let stop = stop_signal()?;
    let address = settings.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    let public_url = match &settings.public_url {
        Some(url) => url.clone(),
        None => PublicUrl::of_listener(listener.local_addr()?),
    };
    let database = db::connect(settings, demo).await?;
    let served = match secret_key(settings, demo) {
        Ok(secret_key) => {
            let site = Site {
                public_url,
                demo,
                secret_key,
            };
            let fetcher = Fetcher::new(settings.allow_private_addresses);
            let (smtp, from) = (settings.smtp_url.as_ref(), settings.mail_from.as_ref());
            match Mailer::new(smtp, from, &site.public_url) {
                Ok(mailer) => run(&database, listener, site, (fetcher, mailer), stop).await,
                Err(reason) => Err(ServeError::Mail(reason)),
            }
        }
        Err(error) => Err(error),
    };
    database.close().await;
    if served.is_ok() {
        info!("stopped");
    }
    served
}

/// The key of the settings; without one, with data of our own or in a demo, one in the data folder.
fn secret_key(settings: &Settings, demo: bool) -> Result<Option<SecretKey>, ServeError> {
    if settings.secret_key.is_some() || (settings.database_url.is_some() && !demo) {
        return Ok(settings.secret_key.clone());
    }
    let folder = match &settings.data_dir {
        Some(folder) => folder.clone(),
        None => db::private::default_data_dir(demo).map_err(DbError::from)?,
    };
    let file = folder.join("secret-key");
    SecretKey::in_file(&file)
        .map(Some)
        .map_err(|source| ServeError::SecretKey {
            file: file.display().to_string(),
            source,
        })
}

async fn run(
    database: &Database,
    listener: TcpListener,
    site: Site,
    (fetcher, mailer): (Fetcher, Mailer),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    if !site.demo && people::demo_accounts(&mut *database.pool.acquire().await?).await? > 0 {
        return Err(ServeError::DemoData);
    }
    let url = site.public_url.clone();
    let demo = site.demo;
    if demo {
        demo::create(&database.pool, Clock::system().now()).await?;
    }
    let live = Live::default();
    let listening = tokio::spawn({
        let (live, db) = (live.clone(), database.pool.clone());
        async move { live.listen(db).await }
    });
    let state = AppState {
        db: database.pool.clone(),
        clock: Clock::system(),
        live: live.clone(),
        site: Arc::new(site),
        fetcher,
        mailer,
    };
    let (stopping, mut asked) = watch::channel(false);
    let worker = tokio::spawn(jobs::work(state.clone(), app::handlers(), asked.clone()));
    let ended = stopping.clone();
    let server = connections::serve(listener, app::router(state), PATIENCE, asked.clone());
    tokio::spawn(async move {
        stop.await;
        info!("stopping");
        // Open pages would otherwise be requests under way for ever.
        live.stop();
        stopping.send_replace(true);
    });
    info!("listening on {url}");
    if demo {
        println!("{}", demo::welcome(&url));
    }
    let too_long = async {
        // An error would mean that the server is gone, and then the other branch ends us.
        let _ = asked.wait_for(|stop| *stop).await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        () = server => {}
        () = too_long => warn!("requests under way were cut off"),
    }
    ended.send_replace(true);
    if worker.await.is_err() {
        warn!("the worker broke");
    }
    listening.abort();
    Ok(())
}

/// Ends when the process is asked to stop.
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
