namespace Fleet.Bench;

/// <summary>Looks now and then how many connections a database has, from its making to its end.</summary>
internal sealed class ConnectionSampler : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _end = new();
    private readonly Task<int> _looking;

    public ConnectionSampler(string connectionString) => _looking = LookAsync(connectionString);

    /// <summary>Ends it.</summary>
    /// <returns>The most that were open at once, without the bench's own.</returns>
    public async Task<int> MostAsync()
    {
        await _end.CancelAsync();
        return await _looking;
    }

    public async ValueTask DisposeAsync()
    {
        await MostAsync();
        _end.Dispose();
    }

    private async Task<int> LookAsync(string connectionString)
    {
        var most = 0;
        await using var table = new EffectTable(connectionString);
        await table.OpenAsync(CancellationToken.None);
        using var timer = new PeriodicTimer(Every, TimeProvider.System);
        try
        {
            do
                most = Math.Max(most, await table.ConnectionsAsync(CancellationToken.None));
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
            // It has seen enough.
        }

        return most;
    }
}
