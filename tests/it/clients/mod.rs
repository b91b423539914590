//! The clients of outside parties, each against its provider's contract.

mod aws_sns;
mod bird;
mod messagebird;
mod smtp;
mod trials;
mod twilio;
mod vonage;
mod whatsapp;
