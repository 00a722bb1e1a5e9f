using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Core.Jobs;

/// <summary>Calls the middleware of a job, the first one outermost, and the handler inside it.</summary>
internal sealed class MiddlewareChain(JobDefinition job, IServiceProvider services, JobInvocation invocation)
{
    /// <summary>True when the handler was called and has returned.</summary>
    public bool HandlerReturned { get; private set; }

    /// <summary>Calls the middleware from this place on. Does not return before everything that it has called has ended: the attempt's
    /// services are disposed afterwards.</summary>
    public async Task CallAsync(int place, CancellationToken ct)
    {
        if (place == job.Middleware.Count)
        {
            await job.CallAsync(services, invocation, ct);
            HandlerReturned = true;
            return;
        }

        var type = job.Middleware[place];
        var middleware = (IJobMiddleware)services.GetRequiredService(type);
        var isClosed = 0;
        var rest = Task.CompletedTask;
        try
        {
            await (middleware.InvokeAsync(invocation, Next, ct)
                ?? throw new InvalidOperationException($"The middleware {type} returned null; InvokeAsync has to return a Task."));
        }
        catch
        {
            await rest.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        finally
        {
            Volatile.Write(ref isClosed, 1);
        }

        // Not awaited by the middleware: what it throws still ends the attempt.
        if (!rest.IsCompleted)
            await rest;

        Task Next(CancellationToken token)
        {
            if (Interlocked.Exchange(ref isClosed, 1) != 0)
            {
                throw new InvalidOperationException(
                    $"The middleware {type} called next a second time, or after it had returned. "
                        + "To try again, let the exception end the attempt.");
            }

            return rest = CallAsync(place + 1, token);
        }
    }
}
