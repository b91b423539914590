//! The product under test as its users meet it: requests through every layer, a real database for each test.

mod support;

mod chemicals;
mod clients;
mod containers;
mod contract;
mod imports;
mod labs;
mod lanes;
mod locations;
mod login;
mod messages;
