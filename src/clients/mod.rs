//! One thin file for each outside party. They know their wire format and nothing of ours.

pub mod aws_sns;
pub mod bird;
pub mod console;
pub mod firebase;
pub mod gsm;
pub mod http;
pub mod messagebird;
pub mod outbound;
mod reading;
pub mod redis;
pub mod simulator;
pub mod smtp;
pub mod twilio;
pub mod vonage;
pub mod whatsapp;
