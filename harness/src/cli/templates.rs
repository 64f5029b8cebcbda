//! `--serve-templates`: the target's blocks are ours to make.

use super::Failure;
use std::net::SocketAddr;
use sv2_reference_pool::clock::Clock;
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::server::{Server, ServerHandle};
use sv2_reference_pool::template::provider::{ProviderConfig, TemplateProvider};

/// Runs our template provider on a thread of its own for as long as the program runs.
pub(super) fn serve(address: SocketAddr, seed: u64) -> Result<ServerHandle, Failure> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let serve = async {
            let mut config = ProviderConfig { seed, ..ProviderConfig::default() };
            config.templates.start_time = Clock::system().now().unix;
            let provider = TemplateProvider::new(config).map_err(|error| error.to_string())?;
            let node = Node::new(NodeConfig::default(), provider);
            Server::bind(address, node, Clock::system()).await.map_err(|error| error.to_string())
        };
        match runtime.map_err(|error| error.to_string()).and_then(|runtime| {
            let bound = runtime.block_on(serve)?;
            Ok((runtime, bound))
        }) {
            Ok((runtime, (handle, server))) => {
                let _ = sender.send(Ok(handle));
                runtime.block_on(server.run());
            }
            Err(error) => {
                let _ = sender.send(Err(error));
            }
        }
    });
    let bound = receiver.recv().map_err(|error| Failure::ours(error.to_string()))?;
    let handle = bound.map_err(|error| Failure::usage(format!("--serve-templates {address}: {error}")))?;
    eprintln!("serving templates at {}", handle.url());
    Ok(handle)
}
