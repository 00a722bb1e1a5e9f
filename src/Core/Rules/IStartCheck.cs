namespace Fleet.Core.Rules;

/// <summary>Something that can refuse the start of a program. The start asks all of them before it writes anything, so that a refused start
/// leaves no table, no worker and no schedule behind.</summary>
public interface IStartCheck
{
    /// <summary>Checks what can be known without the database, which may have no tables yet.</summary>
    /// <exception cref="InvalidOperationException">The start is refused; says why.</exception>
    Task CheckAsync(CancellationToken ct);

    /// <summary>Checks what needs the database. Called after all <see cref="CheckAsync"/>, when the schema is current.</summary>
    /// <exception cref="InvalidOperationException">The start is refused; says why.</exception>
    Task CheckStoredAsync(CancellationToken ct) => Task.CompletedTask;
}
