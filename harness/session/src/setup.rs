/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// How far the set-up of a connection is (spec section 3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setup {
    /// No SetupConnection yet.
    #[default]
    None,
    /// SetupConnection went out.
    Asked {
        /// Flags of the request.
        flags: u32,
    },
    /// SetupConnection.Success came.
    Accepted {
        /// Flags of the request.
        flags: u32,
        /// Flags of the answer.
        server_flags: u32,
        /// Version in use.
        version: u16,
    },
    /// SetupConnection.Error came. The server closes the connection (spec section 3.6.3), unless the client asks anew (AMB-25).
    Refused,
}
