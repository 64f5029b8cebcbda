//! Where a rule must hold its tongue, and the last value that is right beside the first that is wrong.

mod accounts;
mod channels;
mod frames;
mod groups;
mod jobs;
mod setup;
mod work;

pub(crate) const TABLES: [&[crate::Traces]; 7] = [
    setup::TRACES,
    frames::TRACES,
    channels::TRACES,
    groups::TRACES,
    jobs::TRACES,
    accounts::TRACES,
    work::TRACES,
];
