namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>run_logs</c>.</summary>
public sealed class RunLogLine
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    public int Attempt { get; set; }

    public DateTimeOffset At { get; set; }

    public JobLogLevel Level { get; set; }

    public string Message { get; set; } = "";
}
