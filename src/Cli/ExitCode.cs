namespace Fleet.Cli;

/// <summary>How a command ended, for scripts. The same for every command; <c>fleet help exit-codes</c> prints them.</summary>
public enum ExitCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The command could not do what was asked, or what it looked at is not as it should be: the run that it waited for failed,
    /// <c>diff</c> found a difference, a check of <c>doctor</c> failed.</summary>
    Failure = 1,

    /// <summary>An argument, an option or a field of the request is not allowed.</summary>
    Usage = 2,

    /// <summary>Some of it was done and some was refused.</summary>
    Partial = 3,

    /// <summary>There is no such run, schedule, job or other thing.</summary>
    NotFound = 4,

    /// <summary>The thing is in another state than the command needs: it has ended, it was changed meanwhile, or it is in use.</summary>
    Conflict = 5,

    /// <summary>The server wants an API key, or the key does not allow this.</summary>
    Auth = 6,

    /// <summary>Nobody answers at the address, or what answers cannot work at the moment or is not Fleet.</summary>
    Unreachable = 7,

    /// <summary>The time that <c>--timeout</c> allows has passed.</summary>
    WaitTimeout = 8,

    /// <summary>Stopped by Ctrl+C or SIGTERM.</summary>
    Interrupted = 130,
}
