//! Ctrl-C, and SIGTERM, which a CI sends.

use super::Failure;
use tokio::sync::watch;

/// Told once, for the rest of the run.
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    receiver: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on, on a thread of its own. A signal does not end the process any more.
    pub(super) fn listen() -> Result<Self, Failure> {
        let (sender, receiver) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::ours(error.to_string()))?;
        let (ready, listens) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            runtime.block_on(async {
                let terminated = terminated();
                let interrupted = tokio::signal::ctrl_c();
                tokio::pin!(terminated, interrupted);
                let mut is_told = false;
                // The first poll registers the handlers.
                std::future::poll_fn(|context| {
                    let is_over = terminated.as_mut().poll(context).is_ready()
                        || interrupted.as_mut().poll(context).is_ready();
                    if !std::mem::replace(&mut is_told, true) {
                        let _ = ready.send(());
                    }
                    if is_over { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                })
                .await;
            });
            let _ = sender.send(true);
            // Kept open, so that waiting never sees a closed channel.
            std::thread::park();
        });
        let _ = listens.recv();
        Ok(Self { receiver })
    }

    /// Whether it has come.
    pub(super) fn has_come(&self) -> bool {
        *self.receiver.borrow()
    }

    /// Ends when it comes.
    pub(super) async fn come(&mut self) {
        if self.receiver.wait_for(|has_come| *has_come).await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
