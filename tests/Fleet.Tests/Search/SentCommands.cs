using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Fleet.Tests.Search;

/// <summary>Hears the commands that EF Core sends to one database.</summary>
internal sealed class SentCommands : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private readonly string _database;
    private readonly Action<DbCommand> _heard;
    private readonly List<IDisposable> _subscriptions = [];

    /// <param name="database">The name of the database, or its file.</param>
    /// <param name="heard">Called before a command is executed.</param>
    public SentCommands(string database, Action<DbCommand> heard)
    {
        (_database, _heard) = (database, heard);
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
            _subscriptions.Add(value.Subscribe(this, name => name == RelationalEventId.CommandExecuting.Name));
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is CommandEventData { Command: { Connection: { } connection } command }
            && (connection.Database == _database || connection.DataSource == _database))
            _heard(command);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscriptions.ForEach(s => s.Dispose());
}
