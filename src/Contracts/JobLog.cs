namespace Fleet;

/// <summary>How loud a log line is.</summary>
public enum JobLogLevel
{
    /// <summary>For developers.</summary>
    Debug = 0,

    /// <summary>What happened.</summary>
    Information = 1,

    /// <summary>Unusual, yet the work goes on.</summary>
    Warning = 2,

    /// <summary>Something failed.</summary>
    Error = 3,
}

/// <summary>The log of one run.</summary>
public abstract class JobLog
{
    /// <summary>Adds a line. At most 1,000 lines are kept per attempt, 4,000 characters each; what is beyond is counted and
    /// dropped.</summary>
    public abstract void Write(JobLogLevel level, string message);

    /// <summary>Adds a line for developers.</summary>
    public void Debug(string message) => Write(JobLogLevel.Debug, message);

    /// <summary>Adds a line that tells what happened.</summary>
    public void Information(string message) => Write(JobLogLevel.Information, message);

    /// <summary>Adds a line that tells of something unusual.</summary>
    public void Warning(string message) => Write(JobLogLevel.Warning, message);

    /// <summary>Adds a line that tells of a failure.</summary>
    public void Error(string message) => Write(JobLogLevel.Error, message);
}
