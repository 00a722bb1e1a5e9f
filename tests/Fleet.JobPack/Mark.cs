namespace Fleet.JobPack;

/// <summary>Writes its run into a file at the end of its handler: who stands there twice was executed twice though its handler had
/// finished.</summary>
[Job("pack.mark")]
public sealed record Mark(string File);

public sealed class MarkJob(TimeProvider time) : IJob<Mark>
{
    public async Task RunAsync(Mark args, JobContext context, CancellationToken ct)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100), time, ct);
        await using var file = new FileStream(args.File, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
        await file.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{context.RunId}\n"), CancellationToken.None);
    }
}
