//! The program: see [`fairshift::cli`].

fn main() -> std::process::ExitCode {
    fairshift::cli::main()
}
