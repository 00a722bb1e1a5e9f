using Fleet.Core.Jobs;
using Fleet.Core.Rules;

namespace Fleet.Engine.Workers;

/// <summary>Checks at the start that the container can make every handler and every middleware, so that a missing registration is found
/// before the first run needs it.</summary>
/// <remarks>It makes none of them: a constructor may connect to something. Services that are registered with a factory or by an instance
/// are taken as they are.</remarks>
public sealed class CheckHandlers(JobRegistry jobs, FindMissingServices missing) : IStartCheck
{
    public Task CheckAsync(CancellationToken ct)
    {
        Execute();
        return Task.CompletedTask;
    }

    /// <exception cref="InvalidOperationException">A constructor cannot be filled; the message names every job, its handler, and the
    /// service that nothing registers.</exception>
    public void Execute()
    {
        var problems = new List<string>();
        foreach (var job in jobs.All.OrderBy(j => j.Name, StringComparer.Ordinal))
        {
            if (missing.InConstructor(job.HandlerType) is { } needed)
                problems.Add($"The handler of job '{job.Name}' cannot be made: {needed}.");
            foreach (var middleware in job.Middleware)
            {
                if (missing.InService(middleware) is { } neededAround)
                    problems.Add($"The middleware {middleware} of job '{job.Name}' cannot be made: {neededAround}.");
            }
        }

        if (problems.Count > 0)
        {
            problems.Add(
                "Register what is missing with the services of this process, "
                    + "or in an IFleetModule of the assembly that the handler is in.");
            throw new InvalidOperationException(string.Join(Environment.NewLine, problems));
        }
    }
}
