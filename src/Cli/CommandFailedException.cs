namespace Fleet.Cli;

/// <summary>Thrown by a command that cannot do what was asked: the message goes to stderr, and nothing to stdout.</summary>
/// <param name="message">One or more lines for people.</param>
/// <param name="code">How the process ends.</param>
public class CommandFailedException(string message, ExitCode code = ExitCode.Failure) : Exception(message)
{
    /// <summary>How the process ends.</summary>
    public ExitCode Code { get; } = code;
}

/// <summary>An argument or an option is not allowed, which the parser could not see.</summary>
public sealed class UsageException(string message) : CommandFailedException(message, ExitCode.Usage);
