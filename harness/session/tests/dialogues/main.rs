//! The model, tested as conversations: what a client and a server say, and what follows from it.

mod accounts;
mod anything;
mod basis;
mod bounds;
mod custom;
mod groups;
mod jobs;
mod opening;
mod support;
mod targets;
