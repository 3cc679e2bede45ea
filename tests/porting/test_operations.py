"""Support settles events that porting could not work, through the graph."""



