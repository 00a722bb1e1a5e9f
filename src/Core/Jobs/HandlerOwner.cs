using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Jobs;

/// <summary>Disposes the handler of an attempt with the attempt's scope, before the services that the handler uses. The container does not
/// know the handler, because it is not registered as a service.</summary>
internal sealed partial class HandlerOwner(ILogger<HandlerOwner> logger) : IAsyncDisposable, IDisposable
{
    private readonly CarefulLogger _logger = new(logger);
    private object? _handler;

    /// <summary>Registers a handler for disposal.</summary>
    public void Own(object handler) => _handler = handler;

    public async ValueTask DisposeAsync()
    {
        var handler = Interlocked.Exchange(ref _handler, null);
        try
        {
            if (handler is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (handler as IDisposable)?.Dispose();
        }
        catch (Exception e)
        {
            // The container stops disposing at the first exception. Without this catch the handler's services, including its database
            // connection, would stay open.
            LogFailed(handler!.GetType(), RunError.From(e).ToString());
        }
    }

    public void Dispose() => (Interlocked.Exchange(ref _handler, null) as IDisposable)?.Dispose();

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Handler {Handler} failed while it was disposed; the result of its run stays the same. {Error}")]
    private partial void LogFailed(Type handler, string error);
}
